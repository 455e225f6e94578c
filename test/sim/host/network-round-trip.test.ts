/**
The round trip of a ping between a guest and a host on its LAN is the sum of its parts, to the nanosecond: what the steps on its way cost
(none other is on it), what the wire and the NIC take. Two physical CPUs, one vCPU each for guest and domain zero, both asleep between
pings; 1 GbE; the LAN's host and the switch take no time of their own (hw/lan).
*/
import {expect, test} from 'vitest';
import {millisecond} from '../../support/hosts.js';
import {countsOf, pathOf, steady, sumOfCosts} from '../../support/network-path.js';

const bytes = 14 + 20 + 8 + 56;
const microsecond = 1000;
/** Preamble, frame, FCS: until the last bit is there. Out and back, and twice each as the switch stores and forwards. */
const wireTime = (8 + bytes + 4) * 8;
/** From the tail register's write to the frame on the wire (hw/nic/e1000-options.ts). */
const doorbell = 600;
/** The driver's settings: transmit interrupts wait 8 units of 1.024 us, and two interrupts are 488 units of 256 ns apart. */
const transmitDelay = 8 * 1024;
const throttling = 488 * 256;

/** Costs by the KiB are charged to the nanosecond. */
const copied = Math.ceil((bytes * sumOfCosts('net.copy')) / 1024);
const copiedAndSummed = Math.ceil((bytes * sumOfCosts('net.copy', 'net.checksum')) / 1024);

/** From the program's packet in the guest to the write of the NIC's tail register. */
const out =
	sumOfCosts('net.transmit') +
	copied +
	sumOfCosts('netfront.transmit', 'netfront.transmit_slot', 'netfront.notify') +
	sumOfCosts('xen.switch', 'kernel.upcall', 'netback.interrupt') +
	sumOfCosts('netback.take', 'netback.take_slot') +
	sumOfCosts('netback.fetch', 'netback.copy_op', 'netback.copy_256', 'netback.deliver') +
	sumOfCosts('bridge.forward', 'e1000.queue');

/** From the NIC's interrupt to the program in the guest. */
const back =
	sumOfCosts('xen.interrupt', 'xen.switch', 'kernel.upcall') +
	sumOfCosts('e1000.interrupt', 'e1000.poll', 'e1000.receive', 'bridge.forward', 'e1000.complete') +
	sumOfCosts('netback.queue', 'netback.place', 'netback.copy', 'netback.copy_op', 'netback.copy_256') +
	sumOfCosts('netback.respond', 'netback.respond_slot', 'netback.notify') +
	sumOfCosts('xen.switch', 'kernel.upcall', 'netfront.interrupt') +
	sumOfCosts('netfront.poll', 'netfront.poll_slot', 'net.poll') +
	sumOfCosts('net.receive', 'net.wake') +
	copiedAndSummed;

/** Round trips from `steady` on: how many, and the time of all of them. */
function pings(lan: string) {
	const host = pathOf({lan, jobs: 'echo: { ping: client, interval: 7.3ms }'});
	host.advance(steady, Number.POSITIVE_INFINITY);
	const before = countsOf(host, 'web/echo').latency;
	host.advance(steady + 150 * millisecond, Number.POSITIVE_INFINITY);
	const after = countsOf(host, 'web/echo').latency;
	return {count: after.count - before.count, total: after.total - before.total};
}

test.each([100, 250])('at %i us of delay', (delay) => {
	const {count, total} = pings(`delay: ${delay}us`);
	expect(count).toBeGreaterThan(15);
	expect(total).toBe(count * (out + doorbell + 4 * wireTime + 2 * delay * microsecond + back));
});

test('an answer that comes soon after the request has left waits for the throttled interrupt', () => {
	const delay = 50 * microsecond;
	// The request's own interrupt was raised when its descriptor was written back and the delay was over.
	const raised = out + doorbell + transmitDelay;
	const arrival = out + doorbell + 4 * wireTime + 2 * delay;
	expect(arrival).toBeLessThan(raised + throttling);
	const {count, total} = pings('delay: 50us');
	expect(total).toBe(count * (raised + throttling + back));
});
