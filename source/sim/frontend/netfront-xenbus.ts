/**
netfront's side of the xenbus handshake (Xen public/io/xenbus.h and the XenStore keys of io/netif.h, order of Linux's xen-netfront):
waits for the backend's InitWait, offers both rings and the event channel in one transaction and becomes Connected at once; the backend
follows.
*/
import type {VifFeatures} from '../channel/netif.js';
import {readKeys} from '../channel/read-keys.js';
import {
	frontendPath,
	parseXenbusState,
	type XenbusState,
	XenbusStateClosed,
	XenbusStateClosing,
	XenbusStateConnected,
	XenbusStateInitialising,
	XenbusStateInitWait,
	XenbusStateUnknown,
} from '../channel/xenbus.js';
import type {GuestKernel} from '../kernel/kernel.js';

/** What is offered to the backend. */
export interface VifOffer {
	readonly transmitReference: number;
	readonly receiveReference: number;
	readonly port: number;
}

/** What the handshake asks of the device. Each call happens inside a step of the kernel. */
export interface VifFrontSide {
	/** What this guest uses. */
	readonly features: VifFeatures;
	/** The address the toolstack chose: six bytes in hexadecimal, between colons. */
	setMac(text: string): void;
	/** Make rings, grants and unbound port for this backend domain; `opened` is called with them from a later step. */
	open(backend: number, opened: (offer: VifOffer) => void): void;
	/** The offer stands: `usable` is what both ends can do. */
	connect(usable: VifFeatures): void;
	/** The backend is closing: take nothing new. */
	close(): void;
	/** The backend has let go: give up rings, port and grants. */
	release(): void;
	log(text: string): void;
}

export class NetfrontXenbus {
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
		device: number,
		private readonly side: VifFrontSide,
	) {
		this.directory = frontendPath(kernel.domid, 'vif', device);
		this.#token = `netfront-${device}`;
	}

	start(): void {
		const {kernel} = this;
		const handshake = ++this.#handshake;
		this.state = XenbusStateInitialising;
		this.#opening = false;
		readKeys(kernel.store, this.directory, ['backend-id', 'backend', 'mac'], ([backend, directory, mac]) => {
			if (handshake !== this.#handshake) return;
			if (backend === '' || directory === '') {
				this.side.log('no backend in XenStore');
				return;
			}

			this.side.setMac(mac);
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
					this.#negotiate(handshake);
				}

				break;
			case XenbusStateClosing:
				this.#close();
				break;
			case XenbusStateClosed:
				// Closing may have been missed.
				this.#close();
				this.side.release();
				break;
			case XenbusStateUnknown:
				// The backend's directory is gone.
				if (this.state === XenbusStateClosed) this.side.release();
				break;
			default:
				break;
		}
	}

	#close(): void {
		if (this.state !== XenbusStateConnected) return;
		this.side.close();
		this.#switchTo(XenbusStateClosed);
	}

	#negotiate(handshake: number): void {
		const names = ['feature-rx-copy', 'feature-sg', 'feature-gso-tcpv4', 'feature-no-csum-offload'];
		readKeys(this.kernel.store, this.#backendDirectory, names, ([copy, sg, gso, noSum]) => {
			if (handshake !== this.#handshake) return;
			if (copy !== '1') {
				this.side.log('backend does not support copying receive path');
				return;
			}

			const {features} = this.side;
			const usable = {
				sg: features.sg && sg === '1',
				gso: features.gso && gso === '1',
				csum: features.csum && noSum !== '1',
			};
			this.side.open(this.backend, (offer) => this.#offer(handshake, offer, usable));
		});
	}

	#offer(handshake: number, {transmitReference, receiveReference, port}: VifOffer, usable: VifFeatures): void {
		const {store} = this.kernel;
		const {sg, gso, csum} = this.side.features;
		store.transaction(
			(transaction, finish) => {
				const write = (key: string, value: number, done?: (error: string) => void) =>
					store.write(`${this.directory}/${key}`, String(value), done, transaction);
				write('tx-ring-ref', transmitReference);
				write('rx-ring-ref', receiveReference);
				write('event-channel', port);
				write('request-rx-copy', 1);
				write('feature-rx-notify', 1);
				write('feature-sg', sg ? 1 : 0);
				write('feature-gso-tcpv4', sg && gso && csum ? 1 : 0);
				write('feature-no-csum-offload', csum ? 0 : 1, () => finish(true));
			},
			(error) => {
				if (handshake !== this.#handshake) return;
				if (error !== '') {
					this.side.log(`offering the rings: ${error}`);
					return;
				}

				this.#switchTo(XenbusStateConnected);
				this.side.connect(usable);
			},
		);
	}

	#switchTo(state: XenbusState): void {
		this.state = state;
		this.kernel.store.write(`${this.directory}/state`, String(state));
	}
}
