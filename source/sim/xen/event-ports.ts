/**
A domain's event channel ports, in arrays by port number, with what each is bound to and what it has carried (Xen public/event_channel.h,
struct evtchn of common/event_channel.c).
*/
import type {FaultPoint} from '../../engine/fault-points.js';
import {type SharedInfo, vcpuLimit} from './shared-info.js';

/** Port status (EVTCHNSTAT_*). */
export const EVTCHNSTAT_closed = 0;
export const EVTCHNSTAT_unbound = 1;
export const EVTCHNSTAT_interdomain = 2;
export const EVTCHNSTAT_pirq = 3;
export const EVTCHNSTAT_virq = 4;
export const EVTCHNSTAT_ipi = 5;

export const VIRQ_TIMER = 0;
export const VIRQ_DEBUG = 1;
export const VIRQ_CONSOLE = 2;
export const VIRQ_DOM_EXC = 3;
export const NR_VIRQS = 24;

/** What libxl allows a guest unless told otherwise: ports up to 1023. */
export const defaultPortMaximum = 1023;

/** No domain at the other end. */
export const nobody = -1;

/** What EVTCHNOP_status says, with the counters a console shows beside it. */
export interface PortStatus {
	readonly port: number;
	/** EVTCHNSTAT_* */
	readonly status: number;
	/** Remote domain of an unbound or interdomain port; -1 otherwise. */
	readonly domid: number;
	/** Remote port, or the number of the pirq or virq. */
	readonly remote: number;
	readonly vcpu: number;
	readonly pending: boolean;
	readonly masked: boolean;
	readonly sent: number;
	readonly lost: number;
	readonly arrived: number;
	readonly coalesced: number;
}

/** One domain's ports, in arrays by port number. */
export class Ports {
	readonly status: Uint8Array;
	/** unbound: who may bind; interdomain: who is at the other end. */
	readonly remoteDomid: Int16Array;
	/** interdomain: the other end's port; pirq and virq: its number. */
	readonly remotePort: Int32Array;
	readonly vcpu: Uint8Array;
	/** Events sent through the port by its owner, and those of them that a fault lost. */
	readonly sent: Float64Array;
	readonly lost: Float64Array;
	/** Events that arrived at the port, and those that found it pending already. */
	readonly arrived: Float64Array;
	readonly coalesced: Float64Array;
	/** For an interdomain port: asked when its owner sends. */
	readonly faults: (FaultPoint | null)[] = [];
	/** Port of each bound pirq, and of each virq at vcpu * NR_VIRQS + virq; 0 when not bound. */
	readonly pirqs = new Map<number, number>();
	readonly virqs = new Int32Array(vcpuLimit * NR_VIRQS);
	/** No port below is free. */
	lowestFree = 1;
	highest = 0;

	constructor(
		readonly domid: number,
		readonly name: string,
		readonly vcpus: number,
		readonly maximum: number,
		readonly info: SharedInfo,
	) {
		const count = maximum + 1;
		this.status = new Uint8Array(count);
		this.remoteDomid = new Int16Array(count).fill(nobody);
		this.remotePort = new Int32Array(count);
		this.vcpu = new Uint8Array(count);
		this.sent = new Float64Array(count);
		this.lost = new Float64Array(count);
		this.arrived = new Float64Array(count);
		this.coalesced = new Float64Array(count);
	}

	/** What EVTCHNOP_status answers for the port. */
	describe(port: number): PortStatus {
		return {
			port,
			status: this.status[port],
			domid: this.remoteDomid[port],
			remote: this.remotePort[port],
			vcpu: this.vcpu[port],
			pending: this.info.isPending(port),
			masked: this.info.isMasked(port),
			sent: this.sent[port],
			lost: this.lost[port],
			arrived: this.arrived[port],
			coalesced: this.coalesced[port],
		};
	}

	/** What a guest's upcall does; see `EventChannels.takePending`. */
	takePending(vcpu: number, visit: (port: number) => void): number {
		const {info} = this;
		let visited = 0;
		info.clearUpcallPending(vcpu);
		for (let half = 0; half < 2; half++) {
			let selected = info.takeSelector(vcpu, half);
			while (selected !== 0) {
				const word = 31 - Math.clz32(selected & -selected);
				selected &= selected - 1;
				for (let group = (half * 32 + word) * 2, last = group + 1; group <= last; group++) {
					let deliverable = info.deliverable(group);
					while (deliverable !== 0) {
						const port = group * 32 + 31 - Math.clz32(deliverable & -deliverable);
						deliverable &= deliverable - 1;
						if (this.vcpu[port] === vcpu) {
							info.clearPending(port);
							visited++;
							visit(port);
						}
					}
				}
			}
		}

		return visited;
	}
}
