/**
A guest's network interface under Xen 1.0: two rings in a page that Xen shares, their indices in shared_info, one hypercall for what has been
put on both, the NET event when a response comes to an event index. After XenoLinux's network.c.
*/
import type {Step} from '../../engine/step.js';
import type {ChannelEnd} from '../channel/channel-end.js';
import {maximumBytes} from '../channel/vif1.js';
import type {CallingKernel} from '../kernel/kernel.js';
import type {NetDevice, NetLimits, NetPacket} from '../kernel/net-device.js';
import type {Xen1Events} from '../kernel/xen1-events.js';
import {eventNet} from '../xen/shared-info1.js';
import {vif1FrontCosts} from './xen1-vif-costs.js';
import type {NetUpdateHypercall, Xen1VifOptions} from './xen1-vif-options.js';
import {Xen1VifReceive} from './xen1-vif-receive.js';
import {Xen1VifTransmit} from './xen1-vif-transmit.js';

export class Xen1Vif implements NetDevice {
	readonly name: string;
	readonly mac: Uint8Array;
	/** A packet in pieces is copied into one; Xen 1.0 knows neither blank checksums nor segmentation. */
	readonly limits: NetLimits = {frame: maximumBytes, segments: 18, checksumOffload: false, segmentation: 0};
	carrier = false;
	onCarrier: (up: boolean) => void = () => {};
	readonly sending: Xen1VifTransmit;
	readonly receiving: Xen1VifReceive;
	/** This end of each ring, for whoever checks that none is asleep. */
	readonly transmitEnd: ChannelEnd = this.end(() => this.sending);
	readonly receiveEnd: ChannelEnd = this.end(() => this.receiving);
	/** Hypercalls made. */
	notifications = 0;
	/** The hypercall is asked for. */
	notifying = false;
	private readonly kernel: CallingKernel;
	private readonly interrupt: Step;
	private readonly update: Step;
	private readonly perTransmit: number;
	private readonly perReceive: number;

	constructor(kernel: CallingKernel, events: Xen1Events, hypercalls: NetUpdateHypercall, options: Xen1VifOptions) {
		const {name, channel, mac, vif} = options;
		this.kernel = kernel;
		this.name = name;
		this.mac = mac;
		const announce = () => this.announce();
		this.sending = new Xen1VifTransmit(kernel, options, events.info, announce);
		this.receiving = new Xen1VifReceive(kernel, options, events.info, announce);
		this.update = kernel.hypercall(`${channel} net_update`, vif1FrontCosts.update, () => {
			this.notifying = false;
			this.notifications++;
			hypercalls.netUpdate(kernel.domid, vif);
		});
		this.perTransmit = kernel.define(`${channel} per packet announced`, vif1FrontCosts.updateTransmit, () => {}).cost;
		this.perReceive = kernel.define(`${channel} per page announced`, vif1FrontCosts.updateReceive, () => {}).cost;
		this.interrupt = kernel.define(`${channel} interrupt`, vif1FrontCosts.interrupt, () => {
			this.sending.wakeUp();
			this.receiving.wakeUp();
		});
		events.handle(eventNet, this.interrupt);
	}

	/** Posts pages; the interface works from now on. The caller is inside a step of the kernel. */
	start(): void {
		this.carrier = true;
		this.receiving.refill();
		this.onCarrier(true);
	}

	get receiver(): (packet: NetPacket) => void {
		return this.receiving.receiver;
	}

	set receiver(receiver: (packet: NetPacket) => void) {
		this.receiving.receiver = receiver;
	}

	transmit(packet: NetPacket): boolean {
		return this.carrier && this.sending.transmit(packet);
	}

	whenRoom(wake: () => void): void {
		this.sending.whenRoom(wake);
	}

	/** Stops posting pages for packets, or goes on. The caller is inside a step of the kernel. */
	postReceive(posting: boolean): void {
		this.receiving.posting = posting;
		this.receiving.refill();
	}

	/** Looks at both rings as if an event had come: the operator's kick. The caller is inside no step. */
	kick(): void {
		this.kernel.task(this.interrupt);
	}

	private end(find: () => Xen1VifTransmit | Xen1VifReceive): ChannelEnd {
		const notifying = () => this.notifying;
		return {
			get waiting() {
				return find().ring.dueResponses;
			},
			get looking() {
				return find().looking;
			},
			get notifying() {
				return notifying();
			},
			port: -1,
		};
	}

	/** The hypercall pays for everything put on the rings since the last. */
	private announce(): void {
		if (this.notifying) return;
		this.notifying = true;
		const {sending, receiving} = this;
		const extra = sending.unannounced * this.perTransmit + receiving.unannounced * this.perReceive;
		sending.unannounced = 0;
		receiving.unannounced = 0;
		this.kernel.step(this.update, 0, extra);
	}
}
