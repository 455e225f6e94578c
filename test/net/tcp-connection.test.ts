/**
A TCP connection's states and segments, with its peer played by hand: handshake and options, windows, probes, delayed acknowledgments,
Nagle, resets, both ways of closing, sequence numbers beyond 2^32.
*/
import {describe, expect, test} from 'vitest';
import {RandomStream} from '../../source/engine/random.js';
import type {TcpSettings} from '../../source/net/tcp-settings.js';
import type {TcpSocket} from '../../source/net/tcp-user.js';
import {millisecond, second, TestNet} from '../support/net-link.js';
import {TestUser} from '../support/tcp-peer.js';
import {TcpScript} from '../support/tcp-script.js';

function open(settings: Partial<TcpSettings> = {}, seed = 1, window = 65_535) {
	const script = new TcpScript(settings, seed);
	const user = new TestUser();
	user.closesToo = false;
	const socket = script.stack.tcp.connect(script.peerAddress, 80, user) as TcpSocket;
	script.play({flags: 'SA', sequence: 0, acknowledgment: 1, mss: 1000, scale: 0, window});
	script.seen();
	return {script, user, socket};
}

describe('the handshake', () => {
	test('offers MSS, window scaling and timestamps, and sends its SYN again when nobody answers', () => {
		const script = new TcpScript();
		const user = new TestUser();
		script.stack.tcp.connect(script.peerAddress, 80, user);
		script.wait(200 * second);
		const seen = script.seen();
		expect(seen.map(({at}) => at / second)).toEqual([0, 1, 3, 7, 15, 31, 63]);
		expect(seen.every(({flags, sequence}) => flags === 'S' && sequence === 0)).toBe(true);
		expect(user.told).toEqual(['timed out']);
		expect(script.timers).toBe(0);
	});

	test.each([
		[true, true],
		[true, false],
		[false, true],
	])('uses timestamps and scaling only when both sides offer them (%s, %s)', (ours, theirs) => {
		const options = (on: boolean) => ({timestamps: on, windowScaling: on, receiveBuffer: 1 << 20});
		const net = new TestNet(1, {}, options(ours), options(theirs));
		net.b.stack.tcp.listen(80, () => new TestUser(2, 1));
		const socket = net.a.stack.tcp.connect(net.addressOfB, 80, new TestUser());
		socket?.offer(100_000);
		net.run(second);
		expect(socket?.sender.position).toBe(100_000);
		const data = net.segments('a').filter(({length}) => length > 0);
		expect(data.every(({options: {timestamps}}) => timestamps === (ours && theirs))).toBe(true);
		expect(Math.max(...data.map(({length}) => length))).toBe(ours && theirs ? 1448 : 1460);
		expect(socket?.sender.scale).toBe(ours && theirs ? 5 : 0);
	});

	test('a closed port answers with a reset, and the opener is refused', () => {
		const net = new TestNet(1);
		const user = new TestUser();
		net.a.stack.tcp.connect(net.addressOfB, 81, user);
		net.drain();
		expect(user.told).toEqual(['refused']);
		expect(net.segments().map(({from, flags}) => `${from}${flags.toString(16)}`)).toEqual(['a2', 'b14']);
		expect(net.a.timers + net.b.timers).toBe(0);
	});

	test('works when both sides open at once', () => {
		const script = new TcpScript();
		const user = new TestUser();
		script.stack.tcp.connect(script.peerAddress, 80, user);
		script.seen();
		script.play({flags: 'S', sequence: 0, mss: 1000, scale: 0});
		expect(script.seen()).toMatchObject([{flags: 'SA', sequence: 0, acknowledgment: 1}]);
		script.play({flags: 'SA', sequence: 0, acknowledgment: 1, mss: 1000, scale: 0});
		expect(user.told).toEqual(['connected']);
	});
});

describe('windows', () => {
	test('larger than 64 KiB are told by scaling: more is under way than 16 bits can say', () => {
		const net = new TestNet(1, {delay: 20 * millisecond}, {receiveBuffer: 1 << 20});
		const server = new TestUser(2, 1);
		net.b.stack.tcp.listen(80, () => server);
		const socket = net.a.stack.tcp.connect(net.addressOfB, 80, new TestUser());
		socket?.offer(100_000_000);
		net.run(second / 2);
		expect(socket?.sender.window).toBeGreaterThan(1_000_000);
		expect(socket?.sender.flight).toBeGreaterThan(900_000);
		expect(server.wrong).toBe(0);
	});

	test('a reader that stops closes the window, and nothing more is sent than it said', () => {
		const net = new TestNet(1, {}, {receiveBuffer: 65_536});
		const server = new TestUser(2, 1);
		server.appetite = 10_000;
		net.b.stack.tcp.listen(80, () => server);
		const socket = net.a.stack.tcp.connect(net.addressOfB, 80, new TestUser());
		socket?.offer(1_000_000);
		net.run(second);
		expect(server.received).toBe(10_000);
		expect(socket?.sender.position).toBeGreaterThanOrEqual(10_000 + 65_536 - 1448);
		expect(socket?.sender.position).toBeLessThanOrEqual(10_000 + 65_536);
		server.appetite = Number.POSITIVE_INFINITY;
		server.socket?.resume();
		net.run(second);
		expect(server).toMatchObject({received: 1_000_000, wrong: 0});
	});

	test('a closed window is probed with one byte, ever more rarely, as long as the peer answers', () => {
		const {script, socket, user} = open({}, 1, 0);
		socket.offer(5000);
		const times: number[] = [];
		for (let i = 0; i < 30_000; i++) {
			script.wait(10 * millisecond);
			for (const {at, sequence, length} of script.seen()) {
				expect({sequence, length}).toEqual({sequence: 1, length: 1});
				times.push(at);
				script.play({acknowledgment: 1, window: 0});
			}
		}

		const waits = times.slice(1).map((at, i) => at - times[i]);
		for (let i = 1; i < waits.length; i++) expect(waits[i]).toBe(Math.min(2 * waits[i - 1], 120 * second));
		expect(script.stack.tcp.counters).toMatchObject({windowProbes: times.length, timeouts: 0});
		script.play({acknowledgment: 1, window: 5000});
		expect(script.data()).toEqual(['1+1000', '1001+1000', '2001+1000', '3001+1000', '4001+1000']);
		expect(user.told).toEqual(['connected']);
	});
});

describe('acknowledgments', () => {
	test('come at once for every second full segment, and after 40 ms for one', () => {
		const {script} = open();
		script.play({sequence: 1, acknowledgment: 1, length: 1460});
		expect(script.seen()).toEqual([]);
		script.play({sequence: 1461, acknowledgment: 1, length: 1460});
		expect(script.seen()).toMatchObject([{flags: 'A', acknowledgment: 2921}]);
		script.play({sequence: 2921, acknowledgment: 1, length: 100});
		script.wait(39 * millisecond);
		expect(script.seen()).toEqual([]);
		script.wait(millisecond);
		expect(script.seen()).toMatchObject([{flags: 'A', acknowledgment: 3021}]);
	});

	test('come at once for what is out of order, and for what fills the gap', () => {
		const {script, user} = open();
		script.play({sequence: 101, acknowledgment: 1, length: 100});
		script.play({sequence: 301, acknowledgment: 1, length: 100});
		expect(script.seen().map(({acknowledgment}) => acknowledgment)).toEqual([1, 1]);
		script.play({sequence: 1, acknowledgment: 1, length: 100});
		expect(script.seen().map(({acknowledgment}) => acknowledgment)).toEqual([201]);
		script.play({sequence: 201, acknowledgment: 1, length: 100});
		expect(script.seen().map(({acknowledgment}) => acknowledgment)).toEqual([401]);
		expect(user.received).toBe(400);
	});

	test('travel with data that go the other way', () => {
		const {script, socket} = open();
		script.play({sequence: 1, acknowledgment: 1, length: 100});
		socket.offer(50);
		expect(script.seen()).toMatchObject([{flags: 'PA', length: 50, acknowledgment: 101}]);
		script.play({acknowledgment: 51, sequence: 101});
		script.wait(second);
		expect(script.seen()).toEqual([]);
	});
});

describe('small segments', () => {
	test('wait for the small one before them, and not without Nagle', () => {
		for (const nagle of [true, false]) {
			const {script, socket} = open({nagle});
			for (let i = 0; i < 3; i++) socket.offer(10);
			expect(script.data()).toEqual(nagle ? ['1+10'] : ['1+10', '11+10', '21+10']);
			script.play({acknowledgment: nagle ? 11 : 31});
			expect(script.data()).toEqual(nagle ? ['11+20'] : []);
		}
	});
});

describe('resets', () => {
	test('end the connection when they are exactly in order, and are questioned when they are not', () => {
		const {script, user} = open();
		script.play({flags: 'R', sequence: 500});
		expect(script.seen()).toMatchObject([{flags: 'A', acknowledgment: 1}]);
		script.play({flags: 'R', sequence: 1_000_000});
		expect(user.told).toEqual(['connected']);
		script.play({flags: 'R', sequence: 1});
		expect(user.told).toEqual(['connected', 'reset']);
		expect(script.timers).toBe(0);
	});

	test('answer what belongs to no connection', () => {
		const {script, socket} = open();
		socket.abort();
		expect(script.seen()).toMatchObject([{flags: 'RA', sequence: 1}]);
		script.play({sequence: 1, acknowledgment: 77, length: 10});
		expect(script.seen()).toMatchObject([{flags: 'R', sequence: 77}]);
		expect(script.timers).toBe(0);
	});
});

describe('closing', () => {
	test('from this side: FIN, the peer’s FIN, a minute of TIME-WAIT', () => {
		const {script, user, socket} = open();
		socket.close();
		expect(script.seen()).toMatchObject([{flags: 'FA', sequence: 1}]);
		expect(socket.state).toBe('FIN-WAIT-1');
		script.play({acknowledgment: 2});
		expect(socket.state).toBe('FIN-WAIT-2');
		script.play({flags: 'FA', sequence: 1, acknowledgment: 2});
		expect(script.seen()).toMatchObject([{flags: 'A', sequence: 2, acknowledgment: 2}]);
		expect(socket.state).toBe('TIME-WAIT');
		expect(user.told).toEqual(['connected', 'peer finished', 'finished']);
		// Our acknowledgment was lost: it is given again, and the minute begins anew.
		script.wait(30 * second);
		script.play({flags: 'FA', sequence: 1, acknowledgment: 2});
		expect(script.seen()).toMatchObject([{flags: 'A', acknowledgment: 2}]);
		script.wait(59 * second);
		expect(socket.state).toBe('TIME-WAIT');
		script.wait(2 * second);
		expect(socket.state).toBe('CLOSED');
		expect(script.timers).toBe(0);
	});

	test('from the other side first', () => {
		const {script, user, socket} = open();
		script.play({flags: 'FA', sequence: 1, acknowledgment: 1});
		expect(script.seen()).toMatchObject([{flags: 'A', acknowledgment: 2}]);
		expect(socket.state).toBe('CLOSE-WAIT');
		socket.offer(10);
		expect(script.data()).toEqual(['1+10']);
		socket.close();
		expect(socket.state).toBe('LAST-ACK');
		script.play({sequence: 2, acknowledgment: 12});
		expect(user.told).toEqual(['connected', 'peer finished', 'finished']);
		expect(script.timers).toBe(0);
	});

	test('from both sides at once', () => {
		const {script, socket} = open();
		socket.close();
		script.play({flags: 'FA', sequence: 1, acknowledgment: 1});
		expect(socket.state).toBe('CLOSING');
		script.play({sequence: 2, acknowledgment: 2});
		expect(socket.state).toBe('TIME-WAIT');
	});

	test('a FIN that overtakes data waits for them', () => {
		const {script, user, socket} = open();
		script.play({flags: 'FA', sequence: 101, acknowledgment: 1, length: 10});
		expect(socket.state).toBe('ESTABLISHED');
		script.play({sequence: 1, acknowledgment: 1, length: 100});
		expect(socket.state).toBe('CLOSE-WAIT');
		expect(user).toMatchObject({received: 110, told: ['connected', 'peer finished']});
	});
});

/** A seed with which host `a` draws, after an identification, a timestamp and a port, an initial number just below 2^32. */
function seedWhoseSequenceWraps(): number {
	for (let seed = 0; ; seed++) {
		const random = new RandomStream(seed, 'a');
		for (let i = 0; i < 3; i++) random.next();
		if (random.next() > 0xffff_ffff - 2_000_000) return seed;
	}
}

describe('sequence numbers', () => {
	test('go on beyond 2^32', () => {
		const seed = seedWhoseSequenceWraps();
		const net = new TestNet(seed, {loss: 5000});
		const server = new TestUser(2, 1);
		net.b.stack.tcp.listen(80, () => server);
		const socket = net.a.stack.tcp.connect(net.addressOfB, 80, new TestUser());
		expect(socket?.sender.una).toBeLessThan(0);
		expect(socket?.sender.una).toBeGreaterThan(-2_000_000);
		socket?.offer(4_000_000);
		socket?.close();
		net.drain();
		expect(server).toMatchObject({received: 4_000_000, wrong: 0});
		expect(net.a.stack.tcp.counters.retransmitted).toBeGreaterThan(0);
	});
});
