/**
netfront's side of the xenbus handshake (Xen public/io/xenbus.h and the XenStore keys of io/netif.h, order of Linux's xen-netfront):
waits for the backend's InitWait, offers both rings and the event channel in one transaction and becomes Connected at once; the backend
follows.
*/
import type {VifFeatures} from '../channel/netif.js';
import {readKeys} from '../channel/read-keys.js';
import {
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
import {FrontendNode} from './frontend-node.js';

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
	/** The toolstack has named another backend: give up the old one's rings and grants, and begin again. */
	reconnect(): void;
	log(text: string): void;
}

export class NetfrontXenbus {
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
		device: number,
		private readonly side: VifFrontSide,
	) {
		this.#node = new FrontendNode(kernel, 'vif', device, () => side.reconnect());
		this.#token = `netfront-${device}`;
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
		node.find(['mac'], ([mac]) => {
			if (handshake !== this.#handshake) return;
			if (node.backend < 0 || node.backendDirectory === '') {
				this.side.log('no backend in XenStore');
				return;
			}

			this.side.setMac(mac);
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
		this.#node.switchTo(XenbusStateClosed);
	}

	#negotiate(handshake: number): void {
		const names = ['feature-rx-copy', 'feature-sg', 'feature-gso-tcpv4', 'feature-no-csum-offload'];
		readKeys(this.kernel.store, this.#node.backendDirectory, names, ([copy, sg, gso, noSum]) => {
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
		const {sg, gso, csum} = this.side.features;
		const offer = [
			['tx-ring-ref', transmitReference],
			['rx-ring-ref', receiveReference],
			['event-channel', port],
			['request-rx-copy', 1],
			['feature-rx-notify', 1],
			['feature-sg', sg ? 1 : 0],
			['feature-gso-tcpv4', sg && gso && csum ? 1 : 0],
			['feature-no-csum-offload', csum ? 0 : 1],
		] as const;
		this.#node.switchTo(XenbusStateConnected, offer, (error) => {
			if (handshake !== this.#handshake) return;
			if (error === '') this.side.connect(usable);
			else if (error !== 'ECANCELED') this.side.log(`offering the rings: ${error}`);
		});
	}
}
