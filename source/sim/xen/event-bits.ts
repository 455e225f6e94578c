/**
Events of Xen 1.0: a bit in the domain's shared_info for each kind of device, set by the hypervisor. A bit that is set already absorbs the
event; the domain is told by an upcall while the bit is unmasked and the master enable is set. No channels and no ports: a domain
cannot send to another.
*/
import {assert} from '../../engine/assert.js';
import type {Engine} from '../../engine/engine.js';
import {drop, type FaultPoint} from '../../engine/fault-points.js';
import type {SharedInfo1} from './shared-info1.js';

interface Receiver {
	readonly info: SharedInfo1;
	readonly faults: FaultPoint;
	/** Makes the upcall. */
	readonly upcall: () => void;
}

export class EventBits {
	/** Events set, those that found their bit set already, and those that a fault lost. */
	sent = 0;
	coalesced = 0;
	lost = 0;
	private readonly domains: (Receiver | undefined)[] = [];

	constructor(private readonly engine: Engine) {}

	/** A domain hears events from now on. Fault point `event.bit NAME`, asked with the event's number: `drop` loses it. */
	create(domid: number, name: string, info: SharedInfo1, upcall: () => void): void {
		assert(this.domains[domid] === undefined, 'a domain is created once');
		this.domains[domid] = {info, upcall, faults: this.engine.faults.point(`event.bit ${name}`, [name])};
	}

	destroy(domid: number): void {
		const receiver = this.domains[domid];
		if (receiver !== undefined) this.engine.faults.remove(receiver.faults);
		this.domains[domid] = undefined;
	}

	/** Where a domain's events may be lost; undefined once it is gone. */
	pointOf(domid: number): FaultPoint | undefined {
		return this.domains[domid]?.faults;
	}

	/** Xen sets an event's bit and makes the upcall if the domain takes it. Nothing for a domain that is gone. */
	send(domid: number, event: number): void {
		const receiver = this.domains[domid];
		if (receiver === undefined) return;
		const {armed} = receiver.faults;
		if (armed !== null && armed.decide(event) === drop) {
			this.lost++;
			return;
		}

		this.sent++;
		const {info} = receiver;
		if (!info.set(event)) this.coalesced++;
		this.engine.hash.word((domid << 8) | event);
		if (info.enabled && info.deliverable !== 0) receiver.upcall();
	}
}
