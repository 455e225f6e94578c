/**
What 1 GbE carries from end to end of a whole host, beside arithmetic. A frame of n bytes takes n + 24 on the wire: preamble 8, FCS 4, gap
12 (IEEE 802.3). In each case: two physical CPUs, a vCPU for the guest and one for domain zero, costs as they are by default, no
propagation delay (the round trip is what CPUs, wire and throttled interrupts take, below a millisecond), receive buffers of 512 KiB,
segmentation and checksums offloaded by the guest. Traffic begins some 0.3 s after the host was switched on; it is measured for a tenth of a
second from 0.5 s on.
*/
import {describe, expect, test} from 'vitest';
import {second} from '../../support/hosts.js';
import {pathOf, ratesOf} from '../../support/network-path.js';

const bitRate = 1_000_000_000;
const framing = 24;
const headers = 14 + 20 + 20;
const timestampBytes = 12;
const fullFrame = 1514;
/** Frames without data are padded to this, without FCS. */
const shortest = 60;
const onWire = (bytes: number) => (Math.max(bytes, shortest) + framing) * 8;
const payload = (timestamps: boolean) => fullFrame - headers - (timestamps ? timestampBytes : 0);

/** Payload when one direction carries segments alone. */
const oneWay = (timestamps: boolean) => (bitRate * payload(timestamps) * 8) / onWire(fullFrame);
/** Payload each way when both carry segments: the wire also carries an acknowledgment for every two segments of the other direction. */
const bothWays = (timestamps: boolean) => {
	const acknowledgment = onWire(headers + (timestamps ? timestampBytes : 0));
	return (bitRate * 2 * payload(timestamps) * 8) / (2 * onWire(fullFrame) + acknowledgment);
};

const measured = 0.1 * second;
const within = (share: number, limit: number) => [limit * (1 - share), limit * (1 + share)] as const;

function expectWithin(rate: number, share: number, limit: number): void {
	const [least, most] = within(share, limit);
	expect(rate).toBeGreaterThan(least);
	expect(rate).toBeLessThan(most);
}

test('the arithmetic is that of every textbook', () => {
	expect(oneWay(false) / 1e6).toBeCloseTo(949.28, 2);
	expect(oneWay(true) / 1e6).toBeCloseTo(941.48, 2);
	expect(bothWays(false) / 1e6).toBeCloseTo(924.05, 2);
	expect(bothWays(true) / 1e6).toBeCloseTo(914.72, 2);
	expect(bitRate / onWire(fullFrame)).toBeCloseTo(81_274.4, 1);
});

describe.each([
	{timestamps: false, client: 'timestamps: off'},
	{timestamps: true, client: ''},
])('TCP, timestamps $timestamps', ({timestamps, client}) => {
	test('one way from the guest', () => {
		const rates = ratesOf(pathOf({client, jobs: 'load: { startdelay: 200ms, iperf: client }'}), 'web/load', measured);
		expectWithin(rates.out, 0.01, oneWay(timestamps));
		expect(rates.in).toBe(0);
		// Every two segments are acknowledged.
		expectWithin(rates.receivedFrames, 0.01, rates.sentFrames / 2);
	});

	test('one way to the guest', () => {
		const rates = ratesOf(
			pathOf({client, jobs: 'load: { startdelay: 200ms, iperf: client, reverse: on }'}),
			'web/load',
			measured,
		);
		expectWithin(rates.in, 0.01, oneWay(timestamps));
		expect(rates.out).toBe(0);
	});

	test('both ways on two connections', () => {
		const rates = ratesOf(
			pathOf({client, jobs: 'load: { startdelay: 200ms, iperf: client, bidir: on }'}),
			'web/load',
			measured,
		);
		expectWithin(rates.out, 0.01, bothWays(timestamps));
		expectWithin(rates.in, 0.01, bothWays(timestamps));
		expect(rates.counts.wrong).toBe(0);
	});
});

test('full-size frames: 81,274 a second, the first gap to the last', () => {
	const jobs = 'load: { startdelay: 200ms, iperf: client, udp: on, length: 1472, bitrate: 2Gb/s }';
	const {sentFrames} = ratesOf(pathOf({jobs}), 'web/load', measured);
	// Frames are counted whole: one more or less in a tenth of a second is ten a second.
	expect(Math.abs(sentFrames - bitRate / onWire(fullFrame))).toBeLessThan(11);
});
