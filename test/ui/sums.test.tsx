/**
 * The screen adds up, read off the screen as a person would: domains and Xen make the physical CPUs, outstanding stays
 * within slots, rate × mean latency is the mean outstanding, bytes at the rings are bytes at the medium, bits at the
 * vifs are bits at the NIC but for what the bridge kept, and bits at the NIC are bits at the hosts of the LAN.
 */
import {describe, expect, test} from 'vitest';
import {fakeClock} from '../support/fake-session.js';
import {fakeSnapshot} from '../support/fake-snapshot.js';
import {checkScreenAddsUp} from '../support/screen-sums.js';
import {renderApp} from './render-app.js';

describe.each([
	[80, 24],
	[118, 36],
	[200, 50],
])('at %i×%i', (columns, rows) => {
	test.each([{}, {full: true}, {asleep: 2_000_000_000}])('the figures on one screen agree %j', (options) => {
		const app = renderApp({columns, rows});
		app.message({type: 'snapshot', snapshot: fakeSnapshot(20_000_000_000, options), clock: fakeClock()});
		expect(checkScreenAddsUp(app.lines())).toEqual([]);
		app.close();
	});
});

test('the check notices figures that do not agree', () => {
	const app = renderApp({columns: 200, rows: 50});
	const snapshot = fakeSnapshot(20_000_000_000);
	app.message({
		type: 'snapshot',
		snapshot: {...snapshot, xen: {...snapshot.xen, run: 12}},
		clock: fakeClock(),
	});
	expect(checkScreenAddsUp(app.lines())).toEqual([expect.stringContaining('domains + Xen')]);
	app.close();
});

test('the check notices bits that a NIC has and no vif or host', () => {
	const app = renderApp({columns: 200, rows: 50});
	const snapshot = fakeSnapshot(20_000_000_000);
	const devices = snapshot.devices.map((device) => ({
		...device,
		rates: device.rates.map((rate) => (rate.label === 'in' ? {...rate, perSecond: 90e6} : rate)),
	}));
	app.message({type: 'snapshot', snapshot: {...snapshot, devices}, clock: fakeClock()});
	expect(checkScreenAddsUp(app.lines())).toEqual([
		'412.0 Mb/s out, 9.0 Mb/s in at the vifs, 412.0 Mb/s out, 90.0 Mb/s in at the NICs',
		'412.0 Mb/s out, 90.0 Mb/s in at the NICs, 412.0 Mb/s out, 9.0 Mb/s in at the hosts of the LAN',
	]);
	app.close();
});

test('the check allows what the bridge keeps between guests', () => {
	const app = renderApp({columns: 200, rows: 50});
	const snapshot = fakeSnapshot(20_000_000_000);
	const devices = snapshot.devices.map((device) => ({
		...device,
		rates: device.rates.map((rate) => (rate.unit === 'b/s' ? {...rate, perSecond: rate.perSecond - 8e6} : rate)),
	}));
	app.message({type: 'snapshot', snapshot: {...snapshot, devices, lan: undefined}, clock: fakeClock()});
	expect(checkScreenAddsUp(app.lines())).toEqual([]);
	app.close();
});
