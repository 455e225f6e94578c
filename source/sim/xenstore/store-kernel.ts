/**
What the two ends of a xenstore ring need of the kernel they run in. Every domain's kernel (sim/kernel, GuestKernel) offers
it; the store lies below the kernels in the house, so it says here what it asks of them.
*/
import type {Cost} from '../../engine/cost.js';
import type {Severity} from '../../engine/log.js';
import type {Step} from '../../engine/step.js';

export interface StoreKernel {
	readonly name: string;
	readonly domid: number;
	define(name: string, cost: Cost, run: (argument: number) => void): Step;
	hypercall(name: string, cost: Cost, run: (argument: number) => void): Step;
	step(step: Step, argument?: number, extraNanoseconds?: number): void;
	task(step: Step, argument?: number, vcpu?: number): void;
	timer(nanoseconds: number, step: Step, argument?: number): number;
	allocUnbound(remote: number, handler: Step, argument?: number, vcpu?: number): number;
	bindInterdomain(remote: number, remotePort: number, handler: Step, argument?: number, vcpu?: number): number;
	notify(port: number): void;
	closePort(port: number): void;
	log(severity: Severity, text: string): void;
}

export const storeCosts = {
	evtchn: {name: 'xenstore.evtchn', ns: 300, source: 'knob: EVTCHNOP_send and its relatives, a hypercall'},
	interrupt: {name: 'xenstore.interrupt', ns: 500, source: 'knob: the handler of the event channel'},
	write: {name: 'xenbus.write', ns: 1500, source: 'knob: requests copied into the ring'},
	read: {name: 'xenbus.read', ns: 2500, source: 'knob: one message off the ring, its waiter woken'},
	turn: {name: 'xenstored.turn', ns: 2000, source: 'knob: poll() returns, the connections are looked over'},
	request: {name: 'xenstored.request', ns: 12_000, source: 'knob: one request parsed, done and answered'},
	deliver: {name: 'xenstored.deliver', ns: 2000, source: 'knob: answers and events copied into rings'},
} satisfies Record<string, Cost>;
