/**
blkfront's side of the xenbus handshake (Xen public/io/xenbus.h and the XenStore keys of io/blkif.h): waits for the backend's
InitWait, offers ring and event channel in one transaction, becomes Initialised, and Connected when the backend is.
*/
import {protocol, vdiskFlags} from '../channel/blkif.js';
import {readKeys} from '../channel/read-keys.js';
import {
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
import {FrontendNode} from './frontend-node.js';

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
	/** The toolstack has named another backend: give up the old one's ring and grants, and begin again. */
	reconnect(): void;
	log(text: string): void;
}

export class BlkfrontXenbus {
	/** The backend's state as last read. */
	backendState: XenbusState = XenbusStateUnknown;
	readonly #node: FrontendNode;
	/** What is watched of the backend, '' when nothing is. */
	#watched = '';
	#opening = false;
	/** Counts handshakes: answers that belong to an earlier one are ignored. */
	#handshake = 0;
	readonly #token: string;

	constructor(
		private readonly kernel: GuestKernel,
		virtualDevice: number,
		private readonly side: FrontSide,
	) {
		this.#node = new FrontendNode(kernel, 'vbd', virtualDevice, () => side.reconnect());
		this.#token = `blkfront-${virtualDevice}`;
	}

	/** Own xenbus state. */
	get state(): XenbusState {
		return this.#node.state;
	}

	/** Domain of the backend; -1 before it is known. */
	get backend(): number {
		return this.#node.backend;
	}

	get directory(): string {
		return this.#node.directory;
	}

	start(): void {
		const node = this.#node;
		const handshake = ++this.#handshake;
		node.state = XenbusStateInitialising;
		this.#opening = false;
		node.find([], () => {
			if (handshake !== this.#handshake) return;
			if (node.backend < 0 || node.backendDirectory === '') {
				this.side.log('no backend in XenStore');
				return;
			}

			this.#watched = `${node.backendDirectory}/state`;
			this.kernel.store.watch(this.#watched, this.#token, () => this.#backendChanged(handshake));
		});
	}

	/** The device has been removed: nothing is listened to any more. */
	stop(): void {
		this.#handshake++;
		if (this.#watched !== '') this.kernel.store.unwatch(this.#watched, this.#token);
		this.#watched = '';
		this.#node.stop();
	}

	/** Begins again, towards whatever backend the toolstack has written into our directory by now. */
	restart(): void {
		if (this.#watched !== '') this.kernel.store.unwatch(this.#watched, this.#token);
		this.#watched = '';
		this.backendState = XenbusStateUnknown;
		this.#node.switchTo(XenbusStateInitialising);
		this.start();
	}

	/** Everything is answered: tells the backend that it may let go. */
	closed(): void {
		this.#node.switchTo(XenbusStateClosed);
		if (this.backendState === XenbusStateClosed || this.backendState === XenbusStateUnknown) this.side.release();
	}

	#backendChanged(handshake: number): void {
		if (handshake !== this.#handshake) return;
		this.kernel.store.read(this.#watched, (error, value) => {
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
		const offer = [
			['ring-ref', reference],
			['event-channel', port],
			['protocol', protocol],
		] as const;
		this.#node.switchTo(XenbusStateInitialised, offer, (error) => {
			const given = error === '' || error === 'ECANCELED' || handshake !== this.#handshake;
			if (!given) this.side.log(`offering the ring: ${error}`);
		});
	}

	#readFacts(handshake: number): void {
		const names = ['sectors', 'sector-size', 'info', 'feature-flush-cache'];
		const {backendDirectory} = this.#node;
		readKeys(this.kernel.store, backendDirectory, names, ([sectors, sectorSize, info, flushCache]) => {
			if (handshake !== this.#handshake || this.state !== XenbusStateInitialised) return;
			if (sectors === '' || sectorSize === '') {
				this.side.log(`reading backend fields at ${backendDirectory}`);
				return;
			}

			this.#node.switchTo(XenbusStateConnected);
			this.side.connect({
				sectors: Number(sectors),
				sectorBytes: Number(sectorSize),
				readonly: (Number(info) & vdiskFlags.READONLY) !== 0,
				flushCache: flushCache === '1',
			});
		});
	}
}
