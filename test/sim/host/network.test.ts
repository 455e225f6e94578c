/** The network of a whole host: NICs and their drivers, and what is told of them. */
import {expect, test} from 'vitest';
import {Host} from '../../../source/sim/host.js';
import {scenarioOf, second} from '../../support/hosts.js';

const forever = Number.POSITIVE_INFINITY;

const withNic = (wire: string) => `name: t
host: { memory: 256MiB, devices: { eth0: { model: 82540EM, pci: "00:05.0"${wire} } } }
lan: { hosts: { client: { ip: 10.0.0.9 } } }
domains: { Domain-0: { memory: 64MiB } }
`;

test('domain zero brings the NIC up, and its driver sees the link', () => {
	const host = new Host(scenarioOf(withNic('')));
	host.advance(second, forever);
	const [{driver, kernel}] = host.boot.drivers;
	expect([driver.kind, driver.name, driver.state, kernel.name]).toEqual(['net', 'eth0', 'live', 'Domain-0']);
	expect(driver.kind === 'net' && [driver.device.carrier, [...driver.device.mac]]).toEqual([
		true,
		[0, 0x1b, 0x21, 0, 0, 1],
	]);
	expect(host.boot.network.nics.map(({model, address}) => [model, address])).toEqual([['82540EM, 1Gb/s', '00:05.0']]);
	expect(host.taps.map(({name}) => name)).toEqual(['eth0']);
	expect(host.engine.findings.all).toEqual([]);
});

test('a NIC without a wire has no link', () => {
	const host = new Host(scenarioOf(withNic(', wire: none')));
	host.advance(3 * second, forever);
	const [{driver}] = host.boot.drivers;
	expect(driver.kind === 'net' && [driver.state, driver.device.carrier]).toEqual(['live', false]);
});
