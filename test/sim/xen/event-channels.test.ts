/** Event channels: layout, coalescing, masks, errors, faults; and a model that says no event is lost. */
import * as fc from 'fast-check';
import {beforeEach, describe, expect, it} from 'vitest';
import {Engine} from '../../../source/engine/engine.js';
import {type ArmedFault, delay, drop, pass} from '../../../source/engine/fault-points.js';
import {frameWords, Memory} from '../../../source/hw/memory.js';
import {DOMID_SELF} from '../../../source/sim/xen/domid.js';
import {EEXIST, EINVAL, ENOENT, ENOSPC, EPERM, ESRCH} from '../../../source/sim/xen/errno.js';
import {EventChannels} from '../../../source/sim/xen/event-channels.js';
import {
	EVTCHNSTAT_interdomain,
	EVTCHNSTAT_unbound,
	VIRQ_DEBUG,
	VIRQ_DOM_EXC,
	VIRQ_TIMER,
} from '../../../source/sim/xen/event-ports.js';
import {SharedInfo} from '../../../source/sim/xen/shared-info.js';

const dom0 = 0;
const guest = 1;

class Machine {
	readonly engine = new Engine(1);
	readonly memory = new Memory(4 * 4096);
	readonly channels = new EventChannels(this.engine);
	readonly upcalls: string[] = [];

	constructor() {
		this.channels.onUpcall = (domid, vcpu) => this.upcalls.push(`d${domid}v${vcpu}`);
		this.channels.create(dom0, 'Domain-0', 2, new SharedInfo(0, this.memory.words(0)), 4095);
		this.channels.create(guest, 'web', 2, new SharedInfo(1, this.memory.words(1)));
	}

	/** A channel whose first, automatic event dom0 has taken. Ports: [guest's, dom0's]. */
	channel(vcpu = 0): [number, number] {
		const offered = this.channels.allocUnbound(guest, dom0);
		const bound = this.channels.bindInterdomain(dom0, guest, offered, vcpu);
		this.taken(dom0, vcpu);
		this.upcalls.length = 0;
		return [offered, bound];
	}

	taken(domid: number, vcpu = 0): number[] {
		const ports: number[] = [];
		this.channels.takePending(domid, vcpu, (port) => ports.push(port));
		return ports;
	}

	counters(domid: number, port: number): {sent: number; lost: number; arrived: number; coalesced: number} {
		const status = this.channels.status(domid, port);
		if (typeof status === 'number') throw new Error(`port ${port}: ${status}`);
		const {sent, lost, arrived, coalesced} = status;
		return {sent, lost, arrived, coalesced};
	}
}

describe('event channels', () => {
	let machine: Machine;
	let channels: EventChannels;
	beforeEach(() => {
		machine = new Machine();
		channels = machine.channels;
	});

	it('joins an unbound port to a local one, which is pending at once', () => {
		const offered = channels.allocUnbound(guest, dom0);
		expect(channels.status(guest, offered)).toMatchObject({status: EVTCHNSTAT_unbound, domid: dom0});
		const bound = channels.bindInterdomain(dom0, guest, offered);
		expect(machine.upcalls).toEqual(['d0v0']);
		expect(machine.taken(dom0)).toEqual([bound]);
		expect(channels.status(dom0, bound)).toMatchObject({status: EVTCHNSTAT_interdomain, domid: guest, remote: offered});
	});

	it('sets pending, selector and upcall bits where the x86_64 layout has them', () => {
		const [local, remote] = machine.channel(1);
		channels.send(guest, local);
		const page = machine.memory.bytes(0);
		expect(page[2048 + (remote >> 3)] & (1 << (remote & 7))).not.toBe(0);
		expect(page[64 + 0]).toBe(1);
		expect(page.readBigUInt64LE(64 + 8)).toBe(1n);
		expect(machine.memory.words(0)).toHaveLength(frameWords);
	});

	it('coalesces: events on a pending port are one event', () => {
		const [local, remote] = machine.channel();
		for (let i = 0; i < 3; i++) expect(channels.send(guest, local)).toBe(0);
		expect(machine.upcalls).toEqual(['d0v0']);
		expect(machine.taken(dom0)).toEqual([remote]);
		expect(machine.taken(dom0)).toEqual([]);
		expect(machine.counters(guest, local)).toMatchObject({sent: 3, lost: 0});
		expect(machine.counters(dom0, remote)).toMatchObject({arrived: 4, coalesced: 2});
	});

	it('holds an event behind a mask and delivers it on unmask', () => {
		const [local, remote] = machine.channel();
		channels.mask(dom0, remote);
		channels.send(guest, local);
		expect(machine.upcalls).toEqual([]);
		expect(machine.taken(dom0)).toEqual([]);
		expect(channels.unmask(dom0, remote)).toBe(0);
		expect(machine.upcalls).toEqual(['d0v0']);
		expect(machine.taken(dom0)).toEqual([remote]);
	});

	it('notifies the vCPU that a port is bound to, and only that one takes it', () => {
		const [local, remote] = machine.channel();
		expect(channels.bindVcpu(dom0, remote, 1)).toBe(0);
		channels.send(guest, local);
		expect(machine.upcalls).toEqual(['d0v1']);
		expect(machine.taken(dom0, 0)).toEqual([]);
		expect(machine.taken(dom0, 1)).toEqual([remote]);
	});

	it('drops events on an unbound port silently, and a closed peer’s port is unbound', () => {
		const [local, remote] = machine.channel();
		expect(channels.close(dom0, remote)).toBe(0);
		expect(channels.status(guest, local)).toMatchObject({status: EVTCHNSTAT_unbound, domid: dom0});
		expect(channels.send(guest, local)).toBe(0);
		expect(machine.upcalls).toEqual([]);
		expect([...machine.engine.faults]).toEqual([]);
	});

	it('closes every port of a domain that is gone', () => {
		const [, remote] = machine.channel();
		channels.destroy(guest);
		expect(channels.status(dom0, remote)).toMatchObject({status: EVTCHNSTAT_unbound, domid: guest});
		expect(channels.status(guest, 1)).toBe(-ESRCH);
	});

	it('clears what is pending on a port when it closes', () => {
		const [local, remote] = machine.channel();
		channels.send(guest, local);
		channels.close(dom0, remote);
		expect(channels.allocUnbound(dom0, guest)).toBe(remote);
		expect(machine.taken(dom0)).toEqual([]);
	});

	it('delivers physical and virtual interrupts to their ports', () => {
		channels.pirqPermitted = (domid, pirq) => domid === dom0 && pirq === 17;
		const pirq = channels.bindPirq(dom0, 17);
		const virq = channels.bindVirq(dom0, VIRQ_DOM_EXC, 0);
		expect(channels.sendPirq(dom0, 17)).toBe(true);
		expect(channels.sendVirq(dom0, VIRQ_DOM_EXC)).toBe(true);
		expect(channels.sendPirq(guest, 17)).toBe(false);
		expect(machine.taken(dom0)).toEqual([pirq, virq]);
	});

	const errors: readonly (readonly [string, number, (c: EventChannels, m: Machine) => number])[] = [
		['binding to a domain that does not exist', -ESRCH, (c) => c.bindInterdomain(dom0, 5, 1)],
		['binding to a closed port', -EINVAL, (c) => c.bindInterdomain(dom0, guest, 9)],
		[
			'binding to a port reserved for another',
			-EINVAL,
			(c) => c.bindInterdomain(dom0, guest, c.allocUnbound(guest, 7)),
		],
		['binding to a port twice', -EINVAL, (c, m) => c.bindInterdomain(dom0, guest, m.channel()[0])],
		['binding for a vCPU that does not exist', -ENOENT, (c) => c.allocUnbound(dom0, guest, 2)],
		['closing a closed port', -EINVAL, (c) => c.close(dom0, 3)],
		['sending through a closed port', -EINVAL, (c) => c.send(dom0, 3)],
		['sending through port 0', -EINVAL, (c) => c.send(dom0, 0)],
		['sending through a virq’s port', -EINVAL, (c) => c.send(dom0, c.bindVirq(dom0, VIRQ_TIMER, 1))],
		['a physical interrupt that is not the domain’s', -EPERM, (c) => c.bindPirq(guest, 17)],
		['a global virq on another vCPU than 0', -EINVAL, (c) => c.bindVirq(dom0, VIRQ_DOM_EXC, 1)],
		[
			'a virq bound twice',
			-EEXIST,
			(c) => {
				c.bindVirq(dom0, VIRQ_DEBUG, 1);
				return c.bindVirq(dom0, VIRQ_DEBUG, 1);
			},
		],
		['moving a per-vCPU virq', -EINVAL, (c) => c.bindVcpu(dom0, c.bindVirq(dom0, VIRQ_TIMER, 1), 0)],
		['moving a port to a vCPU that does not exist', -ENOENT, (c, m) => c.bindVcpu(dom0, m.channel()[1], 4)],
		[
			'one port more than the limit',
			-ENOSPC,
			(c) => {
				for (let i = 0; i < 1023; i++) c.allocUnbound(guest, dom0);
				return c.allocUnbound(guest, dom0);
			},
		],
	];
	it.each(errors)('answers %s with %i', (_what, error, attempt) => {
		expect(attempt(channels, machine)).toBe(error);
	});

	it('binds a domain to itself by DOMID_SELF', () => {
		const offered = channels.allocUnbound(guest, DOMID_SELF);
		const bound = channels.bindInterdomain(guest, DOMID_SELF, offered);
		machine.taken(guest);
		channels.send(guest, bound);
		expect(machine.taken(guest)).toEqual([offered]);
	});

	describe('faults', () => {
		function arm(key: string, verdict: ArmedFault['decide'], value = 0): void {
			const point = machine.engine.faults.get(key);
			if (point === undefined)
				throw new Error(`no point ${key} among ${[...machine.engine.faults].map((p) => p.name)}`);
			point.armed = {decide: verdict, value};
		}

		it('loses an event in one direction only, and counts it', () => {
			const [local, remote] = machine.channel();
			arm(`evtchn.send web→Domain-0:${remote}`, () => drop);
			channels.send(guest, local);
			expect(machine.taken(dom0)).toEqual([]);
			expect(machine.counters(guest, local)).toMatchObject({sent: 1, lost: 1});
			channels.send(dom0, remote);
			expect(machine.taken(guest)).toEqual([local]);
		});

		it('delays an event by the rule’s nanoseconds', () => {
			const [local, remote] = machine.channel();
			arm(`evtchn.send web→Domain-0:${remote}`, () => delay, 5000);
			channels.send(guest, local);
			machine.engine.run(4999, 100);
			expect(machine.taken(dom0)).toEqual([]);
			machine.engine.run(5000, 100);
			expect(machine.taken(dom0)).toEqual([remote]);
		});

		it('names its parties: who sends, who is told', () => {
			machine.channel();
			const parties = [...machine.engine.faults].map((point) => point.parties);
			expect(parties).toEqual([
				['Domain-0', 'web'],
				['web', 'Domain-0'],
			]);
		});
	});

	it('loses no event unless a fault does: every port sent to is taken afterwards, once', () => {
		const action = fc.tuple(fc.constantFrom('send', 'take', 'mask', 'unmask', 'lose'), fc.nat(79), fc.nat(1));
		fc.assert(
			fc.property(fc.array(action, {maxLength: 200}), (actions) => {
				const machine = new Machine();
				const {channels} = machine;
				const ports = Array.from({length: 80}, (_, i) => machine.channel(i % 2));
				const outstanding = new Set<number>();
				const masked = new Set<number>();
				for (const [what, number, vcpu] of actions) {
					const [local, remote] = ports[number];
					if (what === 'send' || what === 'lose') {
						const point = machine.engine.faults.get(`evtchn.send web→Domain-0:${remote}`);
						if (point) point.armed = what === 'lose' ? {decide: () => drop, value: 0} : {decide: () => pass, value: 0};
						machine.upcalls.length = 0;
						const idle = !machine.channels.sharedInfo(dom0).upcallPending(number % 2);
						channels.send(guest, local);
						const news = what === 'send' && !outstanding.has(remote) && !masked.has(remote);
						if (news && idle) expect(machine.upcalls).toEqual([`d0v${number % 2}`]);
						if (!news) expect(machine.upcalls).toEqual([]);
						if (what === 'send') outstanding.add(remote);
					} else if (what === 'take') {
						const taken = machine.taken(dom0, vcpu);
						const expected = ports
							.filter(([, port], i) => i % 2 === vcpu && outstanding.has(port) && !masked.has(port))
							.map(([, port]) => port);
						expect(taken).toEqual(expected.sort((a, b) => a - b));
						for (const port of taken) outstanding.delete(port);
					} else if (what === 'mask') {
						channels.mask(dom0, remote);
						masked.add(remote);
					} else {
						channels.unmask(dom0, remote);
						masked.delete(remote);
					}
				}

				for (const [, remote] of ports) channels.unmask(dom0, remote);
				const rest = [...machine.taken(dom0, 0), ...machine.taken(dom0, 1)];
				expect(new Set(rest)).toEqual(outstanding);
			}),
			{numRuns: 100},
		);
	});
});
