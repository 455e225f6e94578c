/** A guest's own work under Xen 1.0: the jobs and the network stack that run over device channels run over its virtual devices unchanged. */
import {describe, expect, it} from 'vitest';
import {IperfClient, IperfServer} from '../../../source/net/applications/iperf.js';
import type {SeenFrame} from '../../../source/net/frame-tap.js';
import {Job} from '../../../source/sim/guest/job.js';
import {GuestNetwork} from '../../../source/sim/guest/network.js';
import {Oracle} from '../../../source/sim/guest/oracle.js';
import {ipAddress} from '../../../source/sim/host/station.js';
import {xen1Host} from '../../support/xen1-host.js';
import {macOf, xen1Net} from '../../support/xen1-net.js';

describe('a guest of Xen 1.0', () => {
	it('has a job whose every byte is compared, on a real drive behind two extents', () => {
		const host = xen1Host();
		const {driver} = host.nvme();
		const guest = host.guest('web', driver.disk, [
			{start: 8192, sectors: 1000},
			{start: 100, sectors: 3000},
		]);
		const oracle = new Oracle(host.engine);
		const options = {
			name: 'job',
			rw: 'randrw',
			rwmixread: 50,
			bs: 12_288,
			iodepth: 16,
			offset: 0,
			size: 0,
			rateIops: 0,
			rateProcess: 'linear',
			fsync: 20,
			thinktime: 0,
			thinktimeBlocks: 1,
			startdelay: 0,
			runtime: 0,
			numberIos: 2000,
			verify: 'crc32c',
		} as const;
		const random = host.engine.random.stream('web/xvda/job');
		const job = new Job(guest.kernel, guest.vbd, options, oracle.disk('web', 'xvda'), random);
		host.inGuest(guest.kernel, () => job.start());
		host.run(500_000_000);
		expect(job.reads + job.writes).toBeGreaterThanOrEqual(2000);
		expect([oracle.violations, job.outstanding, host.kernel.pinned]).toEqual([0, 0, 0]);
		host.xen.cpus.checkAccounts();
	});

	it('has a TCP stack that fills the way to another guest, and every byte arrives as it was sent', () => {
		const net = xen1Net();
		const stacks = [1, 2].map((number) => {
			const guest = net.netGuest(number, false);
			const network = new GuestNetwork(guest.kernel, guest.front, {
				name: `vm${number} vif0`,
				own: {mac: macOf(number), address: ipAddress(`10.0.0.${number}`), prefix: 24},
				random: net.engine.random.stream(`vm${number}/vif0/stack`),
			});
			net.inGuest(guest.kernel, () => {
				guest.front.start();
				network.start();
			});
			return {guest, network};
		});
		net.run(200_000_000);
		const [a, b] = stacks;
		const seen: SeenFrame['direction'][] = [];
		a.guest.tap.onFrame = ({direction}) => seen.push(direction);
		const server = new IperfServer(b.network.stack);
		b.network.program(() => server.start());
		net.run(10_000_000);
		const options = {to: ipAddress('10.0.0.2'), port: 5201, parallel: 2, bidir: true, reverse: false, length: 131_072};
		const client = new IperfClient(a.network.stack, {...options, bytes: 4_000_000, time: 0, bitrate: 0});
		a.network.program(() => client.start());
		net.run(3_000_000_000);
		expect(client).toMatchObject({sent: 8_000_000, received: 8_000_000, wrong: 0, ended: 4});
		expect(server).toMatchObject({sent: 8_000_000, received: 8_000_000, wrong: 0});
		expect(a.guest.back.sentBytes).toBeGreaterThan(8_000_000);
		expect(seen.filter((direction) => direction === 'outbound').length).toBe(
			a.guest.back.sentPackets + a.guest.back.sentDropped,
		);
		expect(net.xen.frames.pages(a.guest.kernel.domid)).toBe(1024);
		net.xen.cpus.checkAccounts();
	});
});
