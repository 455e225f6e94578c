/**
blkfront's side of the xenbus handshake (Xen public/io/xenbus.h and the XenStore keys of io/blkif.h): waits for the backend's
InitWait, offers ring and event channel in one transaction, becomes Initialised, and Connected when the backend is.
*/
import {protocol, vdiskFlags} from '../channel/blkif.js';
import {readKeys} from '../channel/read-keys.js';
import {
	frontendPath,
	parseXenbusState,
	type XenbusState,
	XenbusStateClosed,
	XenbusStateClosing,
	XenbusStateConnected,
	XenbusStateInitialised,
	XenbusStateInitialising,
	XenbusStateInitWait,
	XenbusStateUnknown,
} from '../channel/xenbus.js';
import type {GuestKernel} from '../kernel/kernel.js';

/** What a connected backend says of the disk. */
export interface DiskFacts {
	/** In 512-byte units. */
	readonly sectors: number;
	/** Logical block, bytes. */
	readonly sectorBytes: number;
	readonly readonly: boolean;
	readonly flushCache: boolean;
}

/** What the handshake asks of the device. Each call happens inside a step of the kernel. */
export interface FrontSide {
	/** Make ring, grant and unbound port for this backend domain; `opened` is called with them from a later step. */
	open(backend: number, opened: (reference: number, port: number) => void): void;
	connect(facts: DiskFacts): void;
	/** Take nothing new; call `closed()` when everything is answered. May be asked more than once. */
	close(): void;
	/** The backend has let go: give up ring, port and grants. */
	release(): void;
	log(text: string): void;
}

export class BlkfrontXenbus {
	/** Own xenbus state and the backend's as last read. */
	state: XenbusState = XenbusStateUnknown;
	backendState: XenbusState = XenbusStateUnknown;
	/** Domain of the backend; -1 before it is known. */
	backend = -1;
	readonly directory: string;
	#backendDirectory = '';
	#opening = false;
	/** Counts handshakes: answers that belong to an earlier one are ignored. */
	#handshake = 0;
	readonly #token: string;

	constructor(
		private readonly kernel: GuestKernel,
		virtualDevice: number,
		private readonly side: FrontSide,
	) {
		this.directory = frontendPath(kernel.domid, 'vbd', virtualDevice);
		this.#token = `blkfront-${virtualDevice}`;
	}

	start(): void {
		const {kernel} = this;
		const handshake = ++this.#handshake;
		this.state = XenbusStateInitialising;
		this.#opening = false;
		readKeys(kernel.store, this.directory, ['backend-id', 'backend'], ([backend, directory]) => {
			if (handshake !== this.#handshake) return;
			if (backend === '' || directory === '') {
				this.side.log('no backend in XenStore');
				return;
			}

			this.backend = Number(backend);
			this.#backendDirectory = directory;
			kernel.store.watch(`${directory}/state`, this.#token, () => this.#backendChanged(handshake));
		});
	}

	/** Begins again, towards whatever backend the toolstack has written into our directory by now. */
	restart(): void {
		const {store} = this.kernel;
		if (this.#backendDirectory !== '') store.unwatch(`${this.#backendDirectory}/state`, this.#token);
		this.#backendDirectory = '';
		this.backendState = XenbusStateUnknown;
		this.#switchTo(XenbusStateInitialising);
		this.start();
	}

	/** Everything is answered: tells the backend that it may let go. */
	closed(): void {
		this.#switchTo(XenbusStateClosed);
		if (this.backendState === XenbusStateClosed || this.backendState === XenbusStateUnknown) this.side.release();
	}

	#backendChanged(handshake: number): void {
		if (handshake !== this.#handshake) return;
		this.kernel.store.read(`${this.#backendDirectory}/state`, (error, value) => {
			if (handshake !== this.#handshake) return;
			this.backendState = error === '' ? parseXenbusState(value) : XenbusStateUnknown;
			this.#follow(handshake);
		});
	}

	#follow(handshake: number): void {
		switch (this.backendState) {
			case XenbusStateInitWait:
				if (this.state === XenbusStateInitialising && !this.#opening) {
					this.#opening = true;
					this.side.open(this.backend, (reference, port) => this.#offer(handshake, reference, port));
				}

				break;
			case XenbusStateConnected:
				if (this.state === XenbusStateInitialised) this.#readFacts(handshake);
				break;
			case XenbusStateClosing:
				if (this.state !== XenbusStateClosed) this.side.close();
				break;
			case XenbusStateClosed:
				if (this.state === XenbusStateClosed) this.side.release();
				else if (this.state === XenbusStateConnected) this.side.close();
				break;
			case XenbusStateUnknown:
				// The backend's directory is gone.
				if (this.state === XenbusStateClosed) this.side.release();
				break;
			default:
				break;
		}
	}

	#offer(handshake: number, reference: number, port: number): void {
		const {store} = this.kernel;
		store.transaction(
			(transaction, finish) => {
				const write = (key: string, value: string, done?: (error: string) => void) =>
					store.write(`${this.directory}/${key}`, value, done, transaction);
				write('ring-ref', String(reference));
				write('event-channel', String(port));
				write('protocol', protocol, () => finish(true));
			},
			(error) => {
				if (handshake !== this.#handshake) return;
				if (error === '') this.#switchTo(XenbusStateInitialised);
				else this.side.log(`offering the ring: ${error}`);
			},
		);
	}

	#readFacts(handshake: number): void {
		const names = ['sectors', 'sector-size', 'info', 'feature-flush-cache'];
		readKeys(this.kernel.store, this.#backendDirectory, names, ([sectors, sectorSize, info, flushCache]) => {
			if (handshake !== this.#handshake || this.state !== XenbusStateInitialised) return;
			if (sectors === '' || sectorSize === '') {
				this.side.log(`reading backend fields at ${this.#backendDirectory}`);
				return;
			}

			this.#switchTo(XenbusStateConnected);
			this.side.connect({
				sectors: Number(sectors),
				sectorBytes: Number(sectorSize),
				readonly: (Number(info) & vdiskFlags.READONLY) !== 0,
				flushCache: flushCache === '1',
			});
		});
	}

	#switchTo(state: XenbusState): void {
		this.state = state;
		this.kernel.store.write(`${this.directory}/state`, String(state));
	}
}
