/** A LAN host that replays a capture: every byte, and when. */
import {describe, expect, it} from 'vitest';
import {readCapture} from '../../../source/net/pcap.js';
import {LanPair} from '../../support/lan-pair.js';
import {recorded, replayed} from '../../support/replayed.js';

/** As a MAC pads what is shorter than the shortest frame. */
const padded = (bytes: Uint8Array) => Buffer.concat([bytes, Buffer.alloc(Math.max(0, 60 - bytes.length))]);

describe('a LAN host that replays a capture', () => {
	it('puts its frames on the wire byte for byte, at the times they were captured', () => {
		const {seen, nic, replay} = replayed();
		const original = readCapture(recorded);
		expect(replay.over).toBe(true);
		expect(nic.heard.map(({bytes}) => bytes)).toEqual(original.map(({bytes}) => padded(bytes)));
		// Two frame times from host to station.
		const wire = (bytes: Uint8Array) => 2 * 8 * (padded(bytes).length + 12);
		expect(seen.map(({at}) => at)).toEqual(original.map(({time, bytes}) => time + wire(bytes)));
	});

	it('in half the time at twice the speed, and again when it is to', () => {
		const {seen, replay} = replayed({}, {speed: 2, loop: 3});
		expect(seen).toHaveLength(900);
		expect(replay.frames).toBe(900);
		const last = readCapture(recorded)[299].time;
		expect(seen[299].at).toBeGreaterThan(last / 2);
		expect(seen[299].at).toBeLessThan(last / 2 + 100_000);
		expect(seen[899].at).toBeLessThan((3 * last) / 2 + 1_000_000);
	});

	it('never faster than its link', () => {
		const {seen, lan} = replayed({}, {speed: 1e9});
		expect(seen).toHaveLength(300);
		const bytes = readCapture(recorded).reduce((sum, frame) => sum + padded(frame.bytes).length + 24, 0);
		expect(seen[299].at).toBeGreaterThan(8 * bytes);
		expect(lan.switch.ports[0].tailDrops).toBe(0);
	});

	it('in the order of the file, where times go back', () => {
		const [first, second, third] = readCapture(recorded);
		const {seen} = replayed({}, {}, [first, {...second, time: 900_000}, {...third, time: -5}]);
		expect(seen.map(({bytes}) => bytes)).toEqual([first, second, third].map(({bytes}) => padded(bytes)));
		expect(seen[2].at - seen[1].at).toBeLessThan(10_000);
	});

	it('no further when it is stopped', () => {
		const pair = new LanPair();
		const replay = pair.client.replay('again', readCapture(recorded));
		replay.start();
		pair.pass(500_000_000);
		replay.stop();
		const {frames} = replay;
		pair.pass(5_000_000_000);
		// At 0, 10, … 500 ms.
		expect([frames, replay.frames, replay.over]).toEqual([51, 51, true]);
	});

	it('not at all, when it is empty, even without end', () => {
		const {seen, replay} = replayed({}, {loop: 0}, []);
		expect(seen).toEqual([]);
		expect(replay.over).toBe(true);
	});
});
