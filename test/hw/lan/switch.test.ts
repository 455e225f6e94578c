/** The switch: learns, forwards, floods, queues and drops. */
import {describe, expect, it} from 'vitest';
import {Lan, type LanOptions} from '../../../source/hw/lan/lan.js';
import type {LinkOptions} from '../../../source/hw/lan/link.js';
import {address, broadcast, Engine, Listener, plainFrame} from '../../support/lan-stations.js';

function bench(options: Partial<LanOptions> = {}, links: Partial<LinkOptions> = {}) {
	const engine = new Engine(1);
	const lan = new Lan(engine, 'lan', options);
	const stations = [0, 1, 2].map((i) => new Listener(engine, lan.plug(`eth${i}`, links).first));
	const settle = (nanoseconds = 1_000_000) => engine.run(engine.now + nanoseconds, 10_000_000);
	/** Every station has been heard once. */
	const learn = () => {
		for (const [i, station] of stations.entries()) station.send(plainFrame(broadcast, address(i)));
		settle();
		for (const {heard} of stations) heard.length = 0;
	};
	return {engine, lan, stations, settle, learn};
}

const counts = (stations: readonly Listener[]) => stations.map(({heard}) => heard.length);

describe('where a frame goes', () => {
	it('to everybody else while its destination is unknown, then only there', () => {
		const {stations, settle} = bench();
		stations[0].send(plainFrame(address(1), address(0)));
		settle();
		expect(counts(stations)).toEqual([0, 1, 1]);
		stations[1].send(plainFrame(address(0), address(1)));
		settle();
		expect(counts(stations)).toEqual([1, 1, 1]);
		stations[0].send(plainFrame(address(1), address(0)));
		settle();
		expect(counts(stations)).toEqual([1, 2, 1]);
	});

	it('to everybody else when it is for a group', () => {
		const {stations, settle, learn} = bench();
		learn();
		stations[2].send(plainFrame(broadcast, address(2)));
		stations[1].send(plainFrame(Buffer.from([1, 0, 0x5e, 0, 0, 1]), address(1)));
		settle();
		expect(counts(stations)).toEqual([2, 1, 1]);
	});

	it('nowhere when the destination lives behind the port it came from, or is reserved for bridges', () => {
		const {stations, settle, learn} = bench();
		learn();
		stations[0].send(plainFrame(address(0), address(0)));
		stations[1].send(plainFrame(Buffer.from([1, 0x80, 0xc2, 0, 0, 1]), address(1)));
		settle();
		expect(counts(stations)).toEqual([0, 0, 0]);
	});

	it('after a station that moved to another port', () => {
		const {stations, settle, learn} = bench();
		learn();
		stations[2].send(plainFrame(address(0), address(1)));
		settle();
		stations[0].send(plainFrame(address(1), address(0)));
		settle();
		expect(counts(stations)).toEqual([1, 0, 1]);
	});

	it('to everybody again when the port lost its link, or five minutes have passed', () => {
		const {engine, lan, stations, settle, learn} = bench();
		learn();
		lan.links[1].setUp(false);
		stations[0].send(plainFrame(address(1), address(0)));
		settle();
		expect(counts(stations)).toEqual([0, 0, 1]);
		engine.run(engine.now + 301e9, 1000);
		stations[2].send(plainFrame(address(0), address(2)));
		lan.links[1].setUp(true);
		settle();
		expect(counts(stations)).toEqual([1, 1, 1]);
	});
});

describe('what is not forwarded', () => {
	it('damaged frames, runts and giants, each counted', () => {
		const {lan, stations, settle} = bench();
		const damaged = stations[0].end.frame(60);
		damaged.length = 60;
		damaged.damaged = true;
		settle(stations[0].end.send(damaged));
		stations[0].sendAll([plainFrame(broadcast, address(0), 59), plainFrame(broadcast, address(0), 9217)]);
		settle();
		const {damaged: count, runts, giants} = lan.switch.ports[0];
		expect([count, runts, giants]).toEqual([1, 1, 1]);
		expect(counts(stations)).toEqual([0, 0, 0]);
		expect(lan.pool.inUse).toBe(0);
	});
});

describe('time and queues', () => {
	it('stores and forwards: two frame times and two delays from station to station', () => {
		const {stations, settle, learn, engine} = bench({}, {delay: 3000});
		learn();
		const from = engine.now;
		stations[0].send(plainFrame(address(1), address(0), 1514));
		settle();
		expect(stations[1].heard[0].at - from).toBe(2 * (1526 * 8 + 3000));
	});

	it('two senders to one station share its link, and nothing is lost while the queue has room', () => {
		const {stations, settle, learn, lan} = bench();
		learn();
		for (let i = 0; i < 100; i++) {
			stations[0].send(plainFrame(address(2), address(0), 1514));
			stations[1].send(plainFrame(address(2), address(1), 1514));
			settle(1538 * 8);
		}

		expect(lan.switch.ports[2].backlog(lan.engine.now)).toBeGreaterThan(98 * 1538 * 8);
		settle(10_000_000);
		const {heard} = stations[2];
		expect(heard).toHaveLength(200);
		expect(heard.slice(1).every(({at}, i) => at - heard[i].at === 1538 * 8)).toBe(true);
		expect(lan.switch.ports[2].backlog(lan.engine.now)).toBe(0);
	});

	it('a full queue drops what comes, and counts it; no frame is lost track of', () => {
		const {stations, settle, learn, lan} = bench({queue: 15_380});
		learn();
		for (let i = 0; i < 100; i++) {
			stations[0].send(plainFrame(address(2), address(0), 1514));
			stations[1].send(plainFrame(address(2), address(1), 1514));
			settle(1538 * 8);
		}

		settle(10_000_000);
		const {tailDrops, forwarded} = lan.switch.ports[2];
		expect(tailDrops).toBeGreaterThan(80);
		expect(stations[2].heard.length + tailDrops).toBe(200);
		// The broadcasts that taught the switch went to this port too.
		expect(forwarded).toBe(stations[2].heard.length + 2);
		expect(lan.pool.inUse).toBe(0);
	});

	it('two events a frame from station to station', () => {
		const {engine, stations, settle, learn} = bench();
		learn();
		const before = engine.executed;
		stations[0].sendAll(Array.from({length: 100}, () => plainFrame(address(1), address(0), 1514)));
		settle();
		expect(engine.executed - before).toBe(200);
	});
});
