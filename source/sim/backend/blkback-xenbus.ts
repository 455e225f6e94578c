/**
blkback's side of the xenbus handshake (Xen public/io/xenbus.h and the XenStore keys of io/blkif.h, order of Linux's
xen-blkback/xenbus.c): publishes what it can do and waits, takes the frontend's ring, publishes the disk, and follows the frontend
when it closes or starts again.
*/
import {protocol, vdiskFlags} from '../channel/blkif.js';
import {readKeys} from '../channel/read-keys.js';
import {
	backendPath,
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
import type {BlockDevice} from '../kernel/block-device.js';
import type {GuestKernel} from '../kernel/kernel.js';

/** What the handshake asks of the device. Each call happens inside a step of the kernel. */
export interface BackSide {
	readonly device: BlockDevice;
	readonly(): boolean;
	setReadonly(): void;
	/** Map the ring page and bind the port; `connected` is called from a later step, with '' or what went wrong. */
	connect(reference: number, port: number, connected: (problem: string) => void): void;
	/** Let go of ring and port when nothing is under way; then call `disconnected`. */
	disconnect(disconnected: () => void): void;
	log(text: string): void;
}

export class BlkbackXenbus {
	/** Own xenbus state and the frontend's as last read. */
	state: XenbusState = XenbusStateUnknown;
	frontendState: XenbusState = XenbusStateUnknown;
	readonly directory: string;
	#frontendDirectory = '';
	#connecting = false;
	#disconnecting = false;
	#stopped = false;
	readonly #token: string;

	constructor(
		private readonly kernel: GuestKernel,
		readonly frontend: number,
		virtualDevice: number,
		private readonly side: BackSide,
	) {
		this.directory = backendPath(kernel.domid, 'vbd', frontend, virtualDevice);
		this.#token = `blkback-${frontend}-${virtualDevice}`;
	}

	/** Reads the toolstack's keys, publishes features, becomes InitWait. */
	start(): void {
		const {store} = this.kernel;
		this.state = XenbusStateInitialising;
		readKeys(store, this.directory, ['frontend', 'mode'], ([directory, mode]) => {
			if (directory === '') {
				this.side.log('no frontend in XenStore');
				return;
			}

			if (mode === 'r') this.side.setReadonly();
			this.#frontendDirectory = directory;
			store.write(`${this.directory}/max-ring-page-order`, '0');
			store.write(`${this.directory}/feature-persistent`, '0');
			this.#switchTo(XenbusStateInitWait);
			store.watch(`${directory}/state`, this.#token, () => this.#frontendChanged());
			// xl block-detach writes `online` 0 and our own state 5.
			store.watch(`${this.directory}/state`, this.#token, () => this.#ownStateChanged());
		});
	}

	/** Stops following the frontend: the device is being removed. */
	stop(): void {
		const {store} = this.kernel;
		this.#stopped = true;
		if (this.#frontendDirectory === '') return;
		store.unwatch(`${this.#frontendDirectory}/state`, this.#token);
		store.unwatch(`${this.directory}/state`, this.#token);
	}

	#frontendChanged(): void {
		if (this.#stopped) return;
		this.kernel.store.read(`${this.#frontendDirectory}/state`, (error, value) => {
			if (this.#stopped) return;
			this.frontendState = error === '' ? parseXenbusState(value) : XenbusStateUnknown;
			this.#follow();
		});
	}

	/** The toolstack asks us to close by writing our state; the frontend sees it and closes, then we follow. */
	#ownStateChanged(): void {
		if (this.#stopped) return;
		this.kernel.store.read(`${this.directory}/state`, (error, value) => {
			if (error === '' && parseXenbusState(value) === XenbusStateClosing) this.state = XenbusStateClosing;
		});
	}

	#follow(): void {
		switch (this.frontendState) {
			case XenbusStateInitialising:
				// A frontend that starts again, after a suspend or with a new ring.
				if (this.state === XenbusStateClosed) this.#switchTo(XenbusStateInitWait);
				else if (this.state === XenbusStateConnected) this.#disconnect(XenbusStateInitWait);
				break;
			case XenbusStateInitialised:
			case XenbusStateConnected:
				if (this.state === XenbusStateInitWait && !this.#connecting) this.#connect();
				break;
			case XenbusStateClosing:
				if (this.state !== XenbusStateClosed) this.#switchTo(XenbusStateClosing);
				break;
			case XenbusStateClosed:
			case XenbusStateUnknown:
				// Closed, or its directory is gone with the domain.
				if (this.state !== XenbusStateClosed && this.state !== XenbusStateInitWait) {
					this.#disconnect(XenbusStateClosed);
				}

				break;
			default:
				break;
		}
	}

	#connect(): void {
		this.#connecting = true;
		const names = ['ring-ref', 'event-channel', 'protocol'];
		readKeys(this.kernel.store, this.#frontendDirectory, names, ([reference, port, abi]) => {
			if (reference === '' || port === '') {
				this.#fail(`reading ${this.#frontendDirectory}/ring-ref and event-channel`);
				return;
			}

			if (abi !== '' && abi !== protocol) {
				this.#fail(`unknown fe protocol ${abi}`);
				return;
			}

			this.side.connect(Number(reference), Number(port), (problem) => {
				if (problem === '') this.#publish();
				else this.#fail(problem);
			});
		});
	}

	/** The disk's size and shape in one transaction, then Connected. */
	#publish(): void {
		const {store} = this.kernel;
		const {limits} = this.side.device;
		const info = this.side.readonly() ? vdiskFlags.READONLY : 0;
		store.transaction(
			(transaction, finish) => {
				const write = (key: string, value: number, done?: (error: string) => void) =>
					store.write(`${this.directory}/${key}`, String(value), done, transaction);
				write('feature-flush-cache', limits.volatileCache ? 1 : 0);
				write('feature-barrier', 0);
				write('sectors', limits.sectors);
				write('info', info);
				write('sector-size', limits.logicalBlock);
				write('physical-sector-size', limits.logicalBlock, () => finish(true));
			},
			(error) => {
				this.#connecting = false;
				if (error === '') this.#switchTo(XenbusStateConnected);
				else this.side.log(`publishing the disk: ${error}`);
			},
		);
	}

	/** xenbus_dev_fatal: says why in the log and in XenStore, and closes. */
	#fail(problem: string): void {
		this.#connecting = false;
		this.side.log(problem);
		this.kernel.store.write(`${this.directory}/error`, problem);
		this.#switchTo(XenbusStateClosing);
	}

	#disconnect(next: XenbusState): void {
		if (this.#disconnecting) return;
		this.#disconnecting = true;
		this.side.disconnect(() => {
			this.#disconnecting = false;
			this.#switchTo(next);
			// The frontend may have moved on while requests drained.
			this.#frontendChanged();
		});
	}

	#switchTo(state: XenbusState): void {
		this.state = state;
		this.kernel.store.write(`${this.directory}/state`, String(state));
	}
}
