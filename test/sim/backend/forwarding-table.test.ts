/** What a bridge remembers: a Map of addresses would do the same, only not in bounded memory. */
import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {ForwardingTable, unknownPort} from '../../../source/sim/backend/forwarding-table.js';

describe('forwarding table', () => {
	it('knows both parts of an address', () => {
		const table = new ForwardingTable(16, 1000);
		table.learn(1, 2, 7, 0);
		expect([table.find(1, 2, 0), table.find(1, 3, 0), table.find(2, 2, 0)]).toEqual([7, unknownPort, unknownPort]);
	});

	it('learns a station that has moved', () => {
		const table = new ForwardingTable(16, 1000);
		table.learn(1, 2, 7, 0);
		table.learn(1, 2, 8, 500);
		expect([table.find(1, 2, 500), table.find(1, 2, 1500), table.find(1, 2, 1501), table.size]).toEqual([8, 8, -1, 1]);
	});

	it('learns nobody new when it is full, and goes on hearing those it knows', () => {
		const table = new ForwardingTable(2, 1000);
		expect([table.learn(0, 1, 1, 0), table.learn(0, 2, 1, 0), table.learn(0, 3, 1, 0)]).toEqual([true, true, false]);
		expect([table.learn(0, 1, 5, 900), table.find(0, 1, 900), table.find(0, 3, 900)]).toEqual([true, 5, unknownPort]);
		expect(table.expire(1001)).toBe(1900);
		expect([table.size, table.learn(0, 3, 1, 1001)]).toEqual([1, true]);
	});

	it('answers as a Map would, whatever is learnt, forgotten and swept', () => {
		const station = fc.integer({min: 0, max: 40});
		const port = fc.integer({min: 0, max: 5});
		const act = fc.oneof(
			fc.record({what: fc.constant('learn'), station, port}),
			fc.record({what: fc.constant('learn'), station, port}),
			fc.record({what: fc.constantFrom('forget', 'expire'), station, port}),
		);
		fc.assert(
			fc.property(fc.array(fc.tuple(act, fc.integer({min: 0, max: 120})), {maxLength: 120}), (acts) => {
				const table = new ForwardingTable(20, 1000);
				const model = new Map<number, {port: number; heard: number}>();
				let now = 0;
				const address = (number: number): [number, number] => [number % 3, Math.imul(number, 0x0101_0101)];
				for (const [{what, station: who, port: where}, wait] of acts) {
					now += wait;
					if (what === 'learn') {
						const fits = model.has(who) || model.size < 20;
						expect(table.learn(...address(who), where, now)).toBe(fits);
						if (fits) model.set(who, {port: where, heard: now});
					} else {
						for (const [number, entry] of model) {
							if (what === 'forget' ? entry.port === where : entry.heard + 1000 < now) model.delete(number);
						}

						if (what === 'forget') table.forget(where);
						else {
							const left = [...model.values()].map(({heard}) => heard + 1000);
							expect(table.expire(now)).toBe(left.length === 0 ? -1 : Math.min(...left));
						}
					}

					expect(table.size).toBe(model.size);
					for (let number = 0; number <= 40; number++) {
						const entry = model.get(number);
						const known = entry !== undefined && now - entry.heard <= 1000;
						expect(table.find(...address(number), now)).toBe(known ? entry.port : unknownPort);
					}
				}
			}),
			{numRuns: 100},
		);
	});
});
