/**
netback: serves one virtual network interface of a guest. To its own domain it is an interface named after the guest, `vif1.0`, that a bridge
uses like any other. Behaviour, checks, messages and counters after Linux's xen-netback, the rings after Xen's public io/ring.h and
io/netif.h; each way has its file, netback-from-guest.ts and netback-to-guest.ts, the xenbus side is in netback-xenbus.ts.
*/
import type {Step} from '../../engine/step.js';
import type {GuestKernel} from '../kernel/kernel.js';
import {
	checksumBlank,
	frameBytesAtMtu1500,
	maximumPacketBytes,
	type NetDevice,
	type NetLimits,
	type NetPacket,
} from '../kernel/net-device.js';
import {VifBackChannel} from './netback-channel.js';
import {netbackCosts} from './netback-costs.js';
import {Credit} from './netback-credit.js';
import {NetbackFromGuest} from './netback-from-guest.js';
import {type NetbackOptions, takenSegments} from './netback-options.js';
import {NetbackToGuest} from './netback-to-guest.js';
import {type FrontendOffer, NetbackXenbus} from './netback-xenbus.js';

export {netbackCosts} from './netback-costs.js';
export type {NetbackOptions} from './netback-options.js';

/** What a guest takes before it has said anything: plain frames. */
const plainFrames: NetLimits = {
	frame: frameBytesAtMtu1500,
	segments: takenSegments,
	checksumOffload: false,
	segmentation: 0,
};

export class Netback implements NetDevice {
	/** `vif1.0` */
	readonly name: string;
	/** Every vif's: the bridge never sends from it. */
	readonly mac = Uint8Array.of(0xfe, 0xff, 0xff, 0xff, 0xff, 0xff);
	readonly xenbus: NetbackXenbus;
	/** The two ways, each one end of its ring. */
	readonly fromGuest: NetbackFromGuest;
	readonly toGuest: NetbackToGuest;
	readonly credit = new Credit();
	limits: NetLimits = plainFrames;
	carrier = false;
	/** The frontend did what no honest one does: nothing of its rings is looked at any more. */
	disabled = false;
	receiver: (packet: NetPacket) => void = (packet) => packet.done(packet, 0);
	onCarrier: (up: boolean) => void = () => {};

	private readonly channel: VifBackChannel;
	private readonly interrupt: Step;
	private readonly connect: Step;
	private readonly bind: Step;
	private readonly disconnect: Step;
	private offer: FrontendOffer | null = null;
	private closing = false;
	private disconnectAsked = false;
	private connected: (problem: string) => void = () => {};
	private disconnected: () => void = () => {};

	constructor(
		private readonly kernel: GuestKernel,
		private readonly options: NetbackOptions,
	) {
		const {frontend, device, hash} = options;
		const name = `vif${frontend}.${device}`;
		this.name = name;
		this.channel = new VifBackChannel(
			kernel,
			frontend,
			{hash, writes: options.transmitWrites},
			{hash, writes: options.receiveWrites},
		);
		const fatal = (problem: string) => this.disable(problem);
		const settled = () => this.finishClosing();
		this.fromGuest = new NetbackFromGuest(kernel, name, options, this.channel, this.credit, {
			receive: (packet) => this.receiver(packet),
			fatal,
			settled,
		});
		this.toGuest = new NetbackToGuest(kernel, name, options, this.channel, {
			carrier: (up) => this.setCarrier(up),
			fatal,
			settled,
		});
		this.xenbus = new NetbackXenbus(kernel, frontend, device, {
			setRate: (rate) => {
				if (this.credit.set(rate, kernel.now())) return;
				kernel.log('warning', `${name}: Failed to parse network rate limit. Traffic unlimited.`);
			},
			connect: (offer, connected) => {
				this.offer = offer;
				this.connected = connected;
				kernel.step(this.connect);
			},
			disconnect: (disconnected) => this.close(disconnected),
			log: (text) => kernel.log('error', `${name}: ${text}`),
		});
		this.interrupt = kernel.define(`netback ${name} interrupt`, netbackCosts.interrupt, () => {
			if (this.disabled) return;
			this.fromGuest.wakeUp();
			this.toGuest.eventCame();
		});
		this.connect = kernel.hypercall(`netback ${name} connect`, netbackCosts.connect, () => this.mapRings());
		this.bind = kernel.hypercall(`netback ${name} bind`, netbackCosts.bind, () => this.bindPort());
		this.disconnect = kernel.hypercall(`netback ${name} disconnect`, netbackCosts.disconnect, () => this.unmapRings());
	}

	/** Publishes what it can do and waits for its frontend. The caller is inside a step of the kernel. */
	start(): void {
		this.xenbus.start();
	}

	get port(): number {
		return this.channel.port;
	}

	/** The interface's counters as /proc/net/dev and xentop show them: what the guest sends is received here. */
	get rxPackets(): number {
		return this.fromGuest.packets;
	}

	get rxBytes(): number {
		return this.fromGuest.bytes;
	}

	get rxErrors(): number {
		return this.fromGuest.errors;
	}

	/** Nothing that the guest sends is dropped without an error. */
	get rxDropped(): number {
		return 0;
	}

	get txPackets(): number {
		return this.toGuest.packets;
	}

	get txBytes(): number {
		return this.toGuest.bytes;
	}

	get txErrors(): number {
		return this.toGuest.errors;
	}

	get txDropped(): number {
		return this.toGuest.dropped;
	}

	/** Publications of responses since the start on each ring, and those of them the frontend was notified of. */
	get transmitPushes(): number {
		return this.channel.transmit.pushes;
	}

	get transmitNotifications(): number {
		return this.channel.transmit.notifications;
	}

	get receivePushes(): number {
		return this.channel.receive.pushes;
	}

	get receiveNotifications(): number {
		return this.channel.receive.notifications;
	}

	transmit(packet: NetPacket): boolean {
		const {limits, toGuest} = this;
		const fits =
			packet.bytes <= (packet.segmentSize > 0 ? limits.segmentation : limits.frame) &&
			packet.segments <= limits.segments &&
			(packet.checksum !== checksumBlank || limits.checksumOffload);
		if (!this.carrier || !fits) toGuest.drop(packet);
		else if (toGuest.hasRoom) toGuest.take(packet);
		else return false;
		return true;
	}

	whenRoom(wake: () => void): void {
		this.toGuest.whenRoom(wake);
	}

	/** Looks at both rings as if an event had come: the operator's kick. The caller is inside no step. */
	kick(): void {
		this.kernel.task(this.interrupt, 0, this.options.vcpu);
	}

	private setCarrier(up: boolean): void {
		if (up === this.carrier) return;
		this.carrier = up;
		this.onCarrier(up);
	}

	private disable(problem: string): void {
		const {kernel, name} = this;
		if (this.disabled) return;
		kernel.log('error', `${name}: ${problem}`);
		kernel.log('error', `${name}: fatal error; disabling device`);
		this.disabled = true;
		this.fromGuest.closing = true;
		this.toGuest.closing = true;
		this.setCarrier(false);
		this.toGuest.purge();
	}

	private mapRings(): void {
		const {kernel} = this;
		const offer = this.offer;
		if (offer === null) return;
		const problem = this.channel.map(offer.transmitReference, offer.receiveReference);
		if (problem === '') kernel.step(this.bind);
		else this.connected(problem);
	}

	/** The new port is pending at once, so that requests already on the rings are found. */
	private bindPort(): void {
		const offer = this.offer;
		if (offer === null) return;
		const problem = this.channel.bind(offer.port, this.interrupt, this.options.vcpu);
		if (problem === '') {
			const {sg, gso, csum} = offer.features;
			this.limits = {...plainFrames, checksumOffload: csum, segmentation: sg && gso && csum ? maximumPacketBytes : 0};
			this.disabled = false;
			this.closing = false;
			this.fromGuest.open();
			this.toGuest.open(offer.notify);
		}

		this.connected(problem);
	}

	/** Takes nothing new; what queues for the guest is dropped, what others have comes back first. */
	private close(disconnected: () => void): void {
		this.disconnected = disconnected;
		this.closing = true;
		this.fromGuest.closing = true;
		this.toGuest.closing = true;
		this.setCarrier(false);
		this.toGuest.purge();
		this.finishClosing();
	}

	private finishClosing(): void {
		if (!this.closing || this.disconnectAsked || this.fromGuest.busy || this.toGuest.busy) return;
		this.disconnectAsked = true;
		this.kernel.step(this.disconnect);
	}

	private unmapRings(): void {
		this.disconnectAsked = false;
		this.closing = false;
		this.channel.close();
		this.fromGuest.pending.clear();
		this.fromGuest.looking = false;
		this.toGuest.looking = false;
		this.limits = plainFrames;
		this.disconnected();
	}
}
