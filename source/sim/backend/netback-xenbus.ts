/**
netback's side of the xenbus handshake (Xen public/io/xenbus.h and the XenStore keys of io/netif.h, order of Linux's
xen-netback/xenbus.c): publishes what it can do and waits, takes the frontend's rings when that one is Connected, becomes Connected itself
when the hotplug script has plugged the interface in, and follows the frontend when it closes or starts again.
*/
import type {VifFeatures} from '../channel/netif.js';
import {readKeys} from '../channel/read-keys.js';
import {
	backendPath,
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

/** What a frontend offers. */
export interface FrontendOffer {
	readonly transmitReference: number;
	readonly receiveReference: number;
	readonly port: number;
	/** What the guest can receive. */
	readonly features: VifFeatures;
	/** It says when it has posted buffers. */
	readonly notify: boolean;
}

/** What the handshake asks of the device. Each call happens inside a step of the kernel. */
export interface VifBackSide {
	/** The toolstack's rate limit, '' for none. */
	setRate(rate: string): void;
	/** Map the rings and bind the port; `connected` is called from a later step, with '' or what went wrong. */
	connect(offer: FrontendOffer, connected: (problem: string) => void): void;
	/** Let go of rings and port when nothing is under way; then call `disconnected`. */
	disconnect(disconnected: () => void): void;
	log(text: string): void;
}

export class NetbackXenbus {
	/** Own xenbus state and the frontend's as last read. */
	state: XenbusState = XenbusStateUnknown;
	frontendState: XenbusState = XenbusStateUnknown;
	readonly directory: string;
	#frontendDirectory = '';
	#connecting = false;
	/** The rings are connected; our Connected may still wait for the hotplug script. */
	#ringsConnected = false;
	#disconnecting = false;
	#stopped = false;
	readonly #token: string;

	constructor(
		private readonly kernel: GuestKernel,
		readonly frontend: number,
		device: number,
		private readonly side: VifBackSide,
	) {
		this.directory = backendPath(kernel.domid, 'vif', frontend, device);
		this.#token = `netback-${frontend}-${device}`;
	}

	/** Reads the toolstack's keys, publishes features, becomes InitWait. */
	start(): void {
		const {store} = this.kernel;
		this.state = XenbusStateInitialising;
		readKeys(store, this.directory, ['frontend', 'rate'], ([directory, rate]) => {
			if (directory === '') {
				this.side.log('no frontend in XenStore');
				return;
			}

			this.side.setRate(rate);
			this.#frontendDirectory = directory;
			for (const [feature, value] of [
				['sg', '1'],
				['gso-tcpv4', '1'],
				['rx-copy', '1'],
				['rx-flip', '0'],
				['multicast-control', '0'],
				['split-event-channels', '0'],
			]) {
				store.write(`${this.directory}/feature-${feature}`, value);
			}

			store.write(`${this.directory}/multi-queue-max-queues`, '1');
			this.#switchTo(XenbusStateInitWait);
			store.watch(`${directory}/state`, this.#token, () => this.#frontendChanged());
			// xl network-detach writes `online` 0 and our own state 5.
			store.watch(`${this.directory}/state`, this.#token, () => this.#ownStateChanged());
			store.watch(`${this.directory}/hotplug-status`, this.#token, () => this.#plug());
		});
	}

	/** Stops following the frontend: the device is being removed. */
	stop(): void {
		const {store} = this.kernel;
		this.#stopped = true;
		if (this.#frontendDirectory === '') return;
		store.unwatch(`${this.#frontendDirectory}/state`, this.#token);
		store.unwatch(`${this.directory}/state`, this.#token);
		store.unwatch(`${this.directory}/hotplug-status`, this.#token);
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
				// A frontend that starts again, after a suspend or with new rings.
				if (this.state === XenbusStateClosed) this.#switchTo(XenbusStateInitWait);
				else if (this.#ringsConnected) this.#disconnect(XenbusStateInitWait);
				break;
			case XenbusStateConnected:
				if (this.state === XenbusStateInitWait && !this.#connecting && !this.#ringsConnected) this.#connect();
				break;
			case XenbusStateClosing:
				if (this.state !== XenbusStateClosed) this.#switchTo(XenbusStateClosing);
				break;
			case XenbusStateClosed:
			case XenbusStateUnknown:
				// Closed, or its directory is gone with the domain.
				if (this.state !== XenbusStateClosed && (this.state !== XenbusStateInitWait || this.#ringsConnected)) {
					this.#disconnect(XenbusStateClosed);
				}

				break;
			default:
				break;
		}
	}

	#connect(): void {
		this.#connecting = true;
		const names = ['tx-ring-ref', 'rx-ring-ref', 'event-channel', 'request-rx-copy'];
		names.push('feature-rx-notify', 'feature-sg', 'feature-gso-tcpv4', 'feature-no-csum-offload');
		readKeys(this.kernel.store, this.#frontendDirectory, names, (values) => {
			const [transmit, receive, port, copy, notify, sg, gso, noSum] = values;
			if (transmit === '' || receive === '' || port === '') {
				this.#fail(`reading ${this.#frontendDirectory}/ring-ref and event-channel`);
				return;
			}

			if (copy !== '1') {
				this.#fail('the frontend does not support copying receive path');
				return;
			}

			const offer: FrontendOffer = {
				transmitReference: Number(transmit),
				receiveReference: Number(receive),
				port: Number(port),
				features: {sg: sg === '1', gso: gso === '1', csum: noSum !== '1'},
				notify: notify === '1',
			};
			this.side.connect(offer, (problem) => {
				this.#connecting = false;
				if (problem !== '') {
					this.#fail(problem);
					return;
				}

				this.#ringsConnected = true;
				this.#plug();
			});
		});
	}

	/** Connected is not said before the hotplug script has said so. */
	#plug(): void {
		if (this.#stopped || !this.#ringsConnected || this.state !== XenbusStateInitWait) return;
		this.kernel.store.read(`${this.directory}/hotplug-status`, (error, value) => {
			if (this.#stopped || error !== '' || value !== 'connected') return;
			if (this.#ringsConnected && this.state === XenbusStateInitWait) this.#switchTo(XenbusStateConnected);
		});
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
			this.#ringsConnected = false;
			this.#switchTo(next);
			// The frontend may have moved on while packets drained.
			this.#frontendChanged();
		});
	}

	#switchTo(state: XenbusState): void {
		this.state = state;
		this.kernel.store.write(`${this.directory}/state`, String(state));
	}
}
