/**
What the two ends of a xenstore ring need of the kernel they run in. Every domain's kernel (sim/kernel, GuestKernel) offers
it; the store lies below the kernels in the house, so it says here what it asks of them.
*/
import type {Severity} from '../../engine/log.js';
import type {Step} from '../../engine/step.js';

/** A named cost, nanoseconds. */
export interface StoreCost {
	readonly name: string;
	readonly ns: number;
	readonly source: string;
}

export interface StoreKernel {
	readonly name: string;
	readonly domid: number;
	define(name: string, cost: StoreCost, run: (argument: number) => void): Step;
	hypercall(name: string, cost: StoreCost, run: (argument: number) => void): Step;
	step(step: Step, argument?: number, extraNanoseconds?: number): void;
	task(step: Step, argument?: number, vcpu?: number): void;
	timer(nanoseconds: number, step: Step, argument?: number): number;
	allocUnbound(remote: number, handler: Step, argument?: number, vcpu?: number): number;
	bindInterdomain(remote: number, remotePort: number, handler: Step, argument?: number, vcpu?: number): number;
	notify(port: number): void;
	closePort(port: number): void;
	log(severity: Severity, text: string): void;
}

/** EVTCHNOP_send and its relatives. */
export const eventChannelOperation: StoreCost = {
	name: 'xenstore.evtchn',
	ns: 300,
	source: 'knob: a hypercall, 0.3 to 1 microseconds',
};
export const storeInterrupt: StoreCost = {name: 'xenstore.interrupt', ns: 500, source: 'knob: an event handler'};
