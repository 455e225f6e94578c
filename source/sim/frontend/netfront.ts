/**
netfront: a guest's virtual network interface. Sends packets through its transmit ring and receives them into pages it has posted on its
receive ring. Behaviour after Linux's xen-netfront, the rings after Xen's public io/ring.h and io/netif.h; each way has its file,
netfront-transmit.ts and netfront-receive.ts, the xenbus side is in netfront-xenbus.ts.
*/
import type {Step} from '../../engine/step.js';
import type {VifFeatures} from '../channel/netif.js';
import type {GuestKernel} from '../kernel/kernel.js';
import type {NetDevice, NetLimits, NetPacket} from '../kernel/net-device.js';
import {setupRetry, VifFrontChannel} from './netfront-channel.js';
import {netfrontCosts} from './netfront-costs.js';
import {allFeatures, limitsOf, type NetfrontOptions, type NetfrontState} from './netfront-options.js';
import {NetfrontReceive} from './netfront-receive.js';
import {NetfrontTransmit} from './netfront-transmit.js';
import {NetfrontXenbus, type VifOffer} from './netfront-xenbus.js';

export {netfrontCosts} from './netfront-costs.js';
export type {NetfrontOptions, NetfrontState} from './netfront-options.js';

/** Segments of a packet it takes: a slot each. */
const segmentLimit = 18;

export class Netfront implements NetDevice {
	readonly name: string;
	readonly mac = new Uint8Array(6);
	readonly xenbus: NetfrontXenbus;
	/** The two ways, each one end of its ring. */
	readonly sending: NetfrontTransmit;
	readonly receiving: NetfrontReceive;
	state: NetfrontState = 'connecting';
	limits: NetLimits;
	onCarrier: (up: boolean) => void = () => {};

	private readonly channel: VifFrontChannel;
	private readonly interrupt: Step;
	private readonly setup: Step;
	private backend = 0;
	/** Counts backends: what was begun for an earlier one is not gone on with. */
	private incarnation = 0;
	private opened: (offer: VifOffer) => void = () => {};

	constructor(
		private readonly kernel: GuestKernel,
		private readonly options: NetfrontOptions,
	) {
		const {name, hash} = options;
		const features: VifFeatures = {...allFeatures, ...options.features};
		this.name = name;
		this.limits = limitsOf(features, segmentLimit);
		this.channel = new VifFrontChannel(
			kernel,
			name,
			{hash, writes: options.transmitWrites},
			{hash, writes: options.receiveWrites},
		);
		const disable = (text: string) => this.disable(text);
		this.sending = new NetfrontTransmit(kernel, options, this.channel, disable);
		this.receiving = new NetfrontReceive(kernel, options, this.channel, disable);
		this.xenbus = new NetfrontXenbus(kernel, options.device, {
			features,
			setMac: (text) => this.setMac(text),
			open: (backend, opened) => {
				this.backend = backend;
				this.opened = opened;
				kernel.step(this.setup, this.incarnation);
			},
			connect: (usable) => this.connect(usable),
			close: () => this.close(),
			release: () => this.release(),
			reconnect: () => this.reconnect(),
			log: (text) => kernel.log('error', `${name}: ${text}`),
		});
		this.interrupt = kernel.define(`netfront ${name} interrupt`, netfrontCosts.interrupt, () => {
			if (this.state === 'error') return;
			this.sending.wakeUp();
			this.receiving.wakeUp();
		});
		this.setup = kernel.hypercall(`netfront ${name} setup`, netfrontCosts.setup, (mark) => {
			if (mark === this.incarnation) this.setUp();
		});
	}

	/** Begins the xenbus handshake. The caller is inside a step of the kernel. */
	start(): void {
		this.xenbus.start();
	}

	get carrier(): boolean {
		return this.state === 'connected';
	}

	get port(): number {
		return this.channel.port;
	}

	/** References of the ring pages' grants, -1 without rings. */
	get transmitReference(): number {
		return this.channel.transmit.reference;
	}

	get receiveReference(): number {
		return this.channel.receive.reference;
	}

	/** Publications of requests since the start on each ring, and those of them the backend was notified of. */
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

	/** Grants that the backend still mapped when they were to end. */
	get deferredGrants(): number {
		return this.channel.deferredGrants;
	}

	get receiver(): (packet: NetPacket) => void {
		return this.receiving.receiver;
	}

	set receiver(receiver: (packet: NetPacket) => void) {
		this.receiving.receiver = receiver;
	}

	transmit(packet: NetPacket): boolean {
		const {limits, sending} = this;
		const fits =
			packet.segments <= limits.segments &&
			(packet.segmentSize === 0 || packet.bytes <= limits.segmentation) &&
			(packet.checksum !== 1 || limits.checksumOffload);
		if (!this.carrier || !fits) sending.drop(packet);
		else if (sending.hasRoom) sending.take(packet);
		else return false;
		return true;
	}

	whenRoom(wake: () => void): void {
		this.sending.whenRoom(wake);
	}

	/** Whether the guest posts buffers to receive into, from now on. The caller is inside a step of the kernel. */
	postReceive(posting: boolean): void {
		this.receiving.posting = posting;
		this.receiving.refill();
	}

	/** Looks at both rings as if an event had come: the operator's kick. The caller is inside no step. */
	kick(): void {
		this.kernel.task(this.interrupt, 0, this.options.vcpu);
	}

	/**
	Goes over to a new backend (or a new incarnation of the old one): gives up rings, port and grants, drops what was under way, as Linux
	does, and shakes hands again. The caller is inside a step of the kernel.
	*/
	reconnect(): void {
		this.incarnation++;
		this.goDown('connecting');
		this.release();
		this.xenbus.restart();
	}

	/** The toolstack has taken the device away, whether its backend has closed it or was gone. The caller is inside a step of the kernel. */
	remove(): void {
		this.incarnation++;
		this.goDown('closed');
		this.release();
		this.xenbus.stop();
	}

	private setUp(): void {
		const {kernel, options} = this;
		const channel = this.channel;
		if (!channel.open(this.backend, this.interrupt, options.vcpu)) {
			kernel.timer(setupRetry, this.setup, this.incarnation);
			return;
		}

		this.sending.open();
		this.receiving.open();
		this.opened({
			transmitReference: channel.transmit.reference,
			receiveReference: channel.receive.reference,
			port: channel.port,
		});
	}

	private connect(usable: VifFeatures): void {
		this.limits = limitsOf(usable, segmentLimit);
		this.state = 'connected';
		this.onCarrier(true);
		this.sending.wake();
	}

	/** A response that cannot be true: the device is of no use until it is given a new backend. */
	private disable(text: string): void {
		const {kernel, name} = this;
		kernel.log('error', `${name}: ${text}`);
		kernel.log('error', `${name}: Disabled for further use`);
		this.sending.looking = false;
		this.receiving.looking = false;
		this.goDown('error');
	}

	private close(): void {
		this.goDown('closed');
	}

	private goDown(state: NetfrontState): void {
		const carrier = this.carrier;
		this.state = state;
		if (carrier) this.onCarrier(false);
	}

	private release(): void {
		if (this.channel.transmit.ring === null) return;
		this.sending.release();
		this.receiving.release();
		this.channel.close();
		this.sending.wake();
	}

	private setMac(text: string): void {
		const bytes = text.split(':');
		if (bytes.length !== 6) return;
		for (let i = 0; i < 6; i++) this.mac[i] = Number.parseInt(bytes[i], 16);
	}
}
