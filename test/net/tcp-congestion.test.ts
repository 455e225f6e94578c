/**
How a TCP sender paces itself and repairs losses, segment by segment: slow start, congestion avoidance, fast retransmit, NewReno's
recovery, timeouts. The peer is played by hand; segments hold 1000 bytes so that numbers can be read.
*/
import {describe, expect, test} from 'vitest';
import type {TcpSocket} from '../../source/net/tcp-user.js';
import {millisecond, second, TestNet} from '../support/net-link.js';
import {TestUser} from '../support/tcp-peer.js';
import {TcpScript} from '../support/tcp-script.js';

const mss = 1000;
const roundTrip = 10 * millisecond;

/** A connection with plenty to send, ten segments of which are under way. */
function begun(): {script: TcpScript; socket: TcpSocket; user: TestUser} {
	const script = new TcpScript();
	const user = new TestUser();
	const socket = script.stack.tcp.connect(script.peerAddress, 80, user);
	if (socket === undefined) throw new Error('there is a free port');
	script.wait(roundTrip);
	script.play({flags: 'SA', sequence: 0, acknowledgment: 1, mss, scale: 7});
	// The window of a SYN is not scaled: the whole one comes with the next segment.
	script.play({acknowledgment: 1});
	socket.offer(1_000_000_000);
	return {script, socket, user};
}

function segments(first: number, count: number): string[] {
	return Array.from({length: count}, (_, i) => `${1 + (first + i) * mss}+${mss}`);
}

describe('slow start', () => {
	test('begins with ten segments', () => {
		expect(begun().script.data()).toEqual(segments(0, 10));
	});

	test('doubles the window each round trip, delayed acknowledgments or not', () => {
		const {script} = begun();
		let acknowledged = 1;
		let expected = 10;
		for (let round = 0; round < 5; round++) {
			expect(script.data()).toHaveLength(expected);
			script.wait(roundTrip);
			// One acknowledgment for two segments.
			for (let i = 0; i < expected / 2; i++) {
				acknowledged += 2 * mss;
				script.play({acknowledgment: acknowledged});
			}

			expected *= 2;
		}
	});

	test('does not grow while the application, not the window, keeps it from sending', () => {
		const script = new TcpScript();
		const user = new TestUser();
		const socket = script.stack.tcp.connect(script.peerAddress, 80, user);
		script.play({flags: 'SA', sequence: 0, acknowledgment: 1, mss, scale: 7});
		let acknowledged = 1;
		for (let i = 0; i < 50; i++) {
			socket?.offer(2 * mss);
			acknowledged += 2 * mss;
			script.play({acknowledgment: acknowledged});
		}

		expect(socket?.sender.congestion.window).toBe(10 * mss);
	});
});

/** Ten segments are under way and the first is lost; three duplicates have come. */
function inRecovery(): ReturnType<typeof begun> {
	const all = begun();
	const {script} = all;
	script.data();
	for (let i = 0; i < 3; i++) script.play({acknowledgment: 1});
	return all;
}

describe('fast retransmit', () => {
	test('sends the first segment again after three duplicates, once, and not before', () => {
		const {script} = begun();
		script.data();
		script.play({acknowledgment: 1});
		script.play({acknowledgment: 1});
		// Limited transmit: each of the first two lets one new segment go.
		expect(script.data()).toEqual(segments(10, 2));
		script.play({acknowledgment: 1});
		expect(script.data()).toEqual(segments(0, 1));
		for (let i = 0; i < 6; i++) script.play({acknowledgment: 1});
		expect(script.data()).not.toContain(segments(0, 1)[0]);
		expect(script.stack.tcp.counters).toMatchObject({retransmitted: 1, fastRetransmits: 1, timeouts: 0});
	});

	test('halves the window once for all losses of a window', () => {
		const {script, socket} = inRecovery();
		const {congestion} = socket.sender;
		expect(congestion.threshold).toBe(5 * mss);
		script.data();
		// The fourth segment is lost as well: a partial acknowledgment, more duplicates, and then all of it.
		script.play({acknowledgment: 1 + 3 * mss});
		for (let i = 0; i < 9; i++) script.play({acknowledgment: 1 + 3 * mss});
		expect(congestion.threshold).toBe(5 * mss);
		expect(congestion.recoveries).toBe(1);
		script.play({acknowledgment: ((socket.sender.highest - script.initial) | 0) >>> 0});
		expect(congestion.inRecovery).toBe(false);
		expect(congestion.window).toBeLessThanOrEqual(5 * mss);
	});

	test('a partial acknowledgment sends the next hole, at once and once', () => {
		const {script} = inRecovery();
		script.data();
		script.play({acknowledgment: 1 + 3 * mss});
		expect(script.data().filter((segment) => segments(0, 12).includes(segment))).toEqual(segments(3, 1));
		script.play({acknowledgment: 1 + 3 * mss});
		expect(script.data()).not.toContain(segments(3, 1)[0]);
		script.play({acknowledgment: 1 + 7 * mss});
		expect(script.data()).toContain(segments(7, 1)[0]);
		expect(script.stack.tcp.counters).toMatchObject({retransmitted: 3, fastRetransmits: 1, timeouts: 0});
	});

	test('is not set off by segments that carry data or a new window', () => {
		const {script} = begun();
		script.data();
		for (let i = 0; i < 5; i++) script.play({acknowledgment: 1, sequence: 1 + i * 100, length: 100});
		for (let i = 0; i < 5; i++) script.play({acknowledgment: 1, sequence: 501, window: 65_000 - i});
		expect(script.data()).toEqual([]);
		expect(script.stack.tcp.counters.retransmitted).toBe(0);
	});
});

describe('congestion avoidance', () => {
	test('adds one segment each round trip', () => {
		const {script, socket} = inRecovery();
		const {congestion} = socket.sender;
		const highest = () => ((socket.sender.highest - script.initial) | 0) >>> 0;
		script.play({acknowledgment: highest()});
		// Back to the threshold, then one more a round.
		for (let acknowledged = highest(); congestion.window < congestion.threshold; acknowledged = highest()) {
			script.play({acknowledgment: acknowledged});
		}

		for (let round = 0; round < 10; round++) {
			const before = congestion.window;
			const until = highest();
			script.wait(roundTrip);
			for (let at = ((socket.sender.una - script.initial) | 0) + mss; at <= until; at += mss) {
				script.play({acknowledgment: at});
			}

			expect(congestion.window - before).toBe(mss);
		}
	});
});

describe('the retransmission timeout', () => {
	test('is 200 ms above the round trip at least, and doubles each time', () => {
		const {script} = begun();
		script.seen();
		const times = [script.now()];
		script.wait(10 * second);
		for (const {at, sequence} of script.seen()) {
			expect(sequence).toBe(1);
			times.push(at);
		}

		const waits = times.slice(1).map((at, i) => at - times[i]);
		expect(waits[0]).toBe(roundTrip + 200 * millisecond);
		for (let i = 1; i < waits.length; i++) expect(waits[i]).toBe(2 * waits[i - 1]);
		expect(waits.length).toBeGreaterThanOrEqual(5);
	});

	test('begins again with one segment, and halves the threshold once', () => {
		const {script, socket} = begun();
		script.data();
		script.wait(211 * millisecond);
		expect(script.data()).toEqual(segments(0, 1));
		expect(socket.sender.congestion).toMatchObject({window: mss, threshold: 5 * mss});
		script.wait(second);
		expect(socket.sender.congestion.threshold).toBe(5 * mss);
	});

	test('duplicates of what it sent twice set off no fast retransmit', () => {
		const {script} = begun();
		script.data();
		script.wait(211 * millisecond);
		script.play({acknowledgment: 1 + mss});
		for (let i = 0; i < 5; i++) script.play({acknowledgment: 1 + mss});
		expect(script.stack.tcp.counters.fastRetransmits).toBe(0);
	});

	test('gives up after fifteen, and says so', () => {
		const {script, user} = begun();
		script.wait(2000 * second);
		expect(user.told).toEqual(['connected', 'timed out']);
		expect(script.stack.tcp.counters.timeouts).toBe(15);
		expect(script.timers).toBe(0);
	});
});

describe('Mathis', () => {
	/**
	Rate = C * MSS / (RTT * sqrt(p)), where C is sqrt(3/2) = 1.22 because the window grows by one segment a round trip: growth counts
	bytes, so delayed acknowledgments do not slow it (with one segment for two acknowledged it would be 0.87). MSS 1448.
	*/
	const seconds = 10;

	test('at 10 ms and one packet in a thousand lost, within a quarter of 44.7 Mb/s', () => {
		const net = new TestNet(7, {delay: 5 * millisecond, queue: 2000});
		// The way back loses nothing: the formula counts losses of data.
		const random = net.engine.random.stream('loss');
		net.a.lose = (bytes) => bytes.length > 1000 && random.chance(1000);
		const user = new TestUser();
		const server = new TestUser(2, 1);
		net.b.stack.tcp.listen(80, () => server);
		net.a.stack.tcp.connect(net.addressOfB, 80, user)?.offer(1_000_000_000);
		net.run(second);
		const before = server.received;
		for (let i = 0; i < seconds; i++) {
			net.run(second);
			net.sent.length = 0;
		}

		const rate = ((server.received - before) * 8) / seconds;
		expect(rate / 44_700_000).toBeGreaterThan(0.75);
		expect(rate / 44_700_000).toBeLessThan(1.25);
	});
});
