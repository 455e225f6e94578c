/**
A step: one named thing that can happen. Steps are made once, when a part is built, and live as long as it does; what
varies from one happening to the next is a single integer. A device's event and a unit of CPU work are both steps, so
the state hash, the trace and the livelock report share one space of names.
*/
import {tagOf} from './tag.js';

/** Who a step belongs to. When `alive` turns false, every step still pending for the owner is dropped at dispatch. */
export interface Owner {
	readonly name: string;
	alive: boolean;
}

export class Step {
	/** 32-bit tag of the name: stable whatever else is loaded, so it may enter the state hash. */
	readonly tag: number;

	/**
	@param cost nanoseconds of CPU the step takes before its effect; 0 for events of devices.
	@param xen true when the hypervisor executes it (a hypercall): CPU time is booked with executor Xen.
	@param run the effect, atomic at the instant the cost is paid.
	*/
	constructor(
		readonly name: string,
		readonly owner: Owner,
		readonly cost: number,
		readonly xen: boolean,
		readonly run: (argument: number) => void,
	) {
		this.tag = tagOf(`${owner.name}/${name}`);
	}
}
