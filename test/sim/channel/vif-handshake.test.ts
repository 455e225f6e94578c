/** A network interface comes up through xenbus, and goes: states and keys as Xen's io/xenbus.h and io/netif.h describe them. */
import {describe, expect, it} from 'vitest';
import {inKernel} from '../../support/disk-channel.js';
import {netChannel, packetOf, pattern, pieces} from '../../support/net-channel.js';

describe('the handshake of netfront and netback', () => {
	it('ends with both Connected, the carrier up at both ends, and the keys of netif.h written', () => {
		const {connect, front, back, frontPath, backPath, read, guest, messages} = netChannel();
		connect();
		expect([front.state, front.carrier, back.carrier]).toEqual(['connected', true, true]);
		expect([read(`${frontPath}/state`), read(`${backPath}/state`)]).toEqual(['4', '4']);
		expect(read(`${frontPath}/tx-ring-ref`)).toBe(String(front.transmitReference));
		expect(read(`${frontPath}/rx-ring-ref`)).toBe(String(front.receiveReference));
		expect(read(`${frontPath}/event-channel`)).toBe(String(front.port));
		for (const key of ['request-rx-copy', 'feature-rx-notify', 'feature-sg', 'feature-gso-tcpv4']) {
			expect(read(`${frontPath}/${key}`), key).toBe('1');
		}

		expect(read(`${frontPath}/feature-no-csum-offload`)).toBe('0');
		expect([read(`${backPath}/feature-rx-copy`), read(`${backPath}/feature-rx-flip`)]).toEqual(['1', '0']);
		expect(back.name).toBe(`vif${guest.domid}.0`);
		expect(messages()).toContain(`${back.name}: Guest Rx ready`);
		expect(Buffer.from(front.mac).toString('hex')).toBe('00163e01020a');
		expect(Buffer.from(back.mac).toString('hex')).toBe('feffffffffff');
		expect(front.receiving.posted).toBe(256);
		for (const {limits} of [front, back]) expect(limits).toMatchObject({checksumOffload: true, segmentation: 65_535});
	});

	it('works whichever end starts first', () => {
		const {attach, front, back, guest, domainZero, settle} = netChannel();
		attach();
		inKernel(guest, () => front.start());
		settle();
		expect(front.state).toBe('connecting');
		inKernel(domainZero, () => back.start());
		settle();
		expect([front.carrier, back.carrier]).toEqual([true, true]);
	});

	it('keeps the backend at InitWait until the hotplug script has plugged the interface in', () => {
		const {connect, read, backPath, frontPath, store, domainZero, settle} = netChannel({plugged: false});
		connect();
		expect([read(`${frontPath}/state`), read(`${backPath}/state`)]).toEqual(['4', '2']);
		inKernel(domainZero, () => store.write(`${backPath}/hotplug-status`, 'connected'));
		settle();
		expect(read(`${backPath}/state`)).toBe('4');
	});

	it.each([
		[{sg: false}, {segmentation: 0, checksumOffload: true}, 1],
		[{gso: false}, {segmentation: 0, checksumOffload: true}, 18],
		[{csum: false}, {segmentation: 0, checksumOffload: false}, 18],
	])('leaves out %o at both ends', (features, limits, segments) => {
		const {connect, front, back} = netChannel({front: {features}});
		connect();
		expect(front.limits).toMatchObject({...limits, segments});
		expect(back.limits).toMatchObject(limits);
	});

	it('goes down in order when the toolstack detaches the interface, and leaves nothing granted, mapped or bound', () => {
		const {connect, front, back, backPath, frontPath, read, store, domainZero, settle, guest, xen, fromGuest, toGuest} =
			netChannel();
		const grants = guest.grants.used;
		connect();
		fromGuest(packetOf(guest, pieces(pattern(3000), 1000)));
		toGuest(packetOf(domainZero, pieces(pattern(1500))));
		settle();
		expect(guest.grants.used).toBe(grants + 2 + 256);
		inKernel(domainZero, () => {
			store.write(`${backPath}/online`, '0');
			store.write(`${backPath}/state`, '5');
		});
		settle();
		expect([read(`${frontPath}/state`), read(`${backPath}/state`)]).toEqual(['6', '6']);
		expect([front.state, front.carrier, back.carrier, front.port, back.port]).toEqual(['closed', false, false, -1, -1]);
		expect(guest.grants.used).toBe(grants);
		expect(xen.grants.counters(guest.domid).active).toBe(0);
		expect(xen.grants.counters(0).mappings).toBe(0);
	});

	it('waits with closing until whoever has a packet of the guest gives it back', () => {
		const {connect, back, backPath, frontPath, read, store, domainZero, settle, guest, fromGuest, atBack} =
			netChannel();
		connect();
		atBack.hold = true;
		fromGuest(packetOf(guest, pieces(pattern(3000))));
		settle();
		inKernel(domainZero, () => {
			store.write(`${backPath}/online`, '0');
			store.write(`${backPath}/state`, '5');
		});
		settle();
		expect([read(`${frontPath}/state`), read(`${backPath}/state`)]).toEqual(['6', '5']);
		expect(back.fromGuest.grantsMapped).toBe(1);
		atBack.letGo();
		settle();
		expect(read(`${backPath}/state`)).toBe('6');
		expect(back.fromGuest.grantsMapped).toBe(0);
	});

	it.each<[string, Record<string, string>, string]>([
		['the rings are not granted', {'tx-ring-ref': '99', 'rx-ring-ref': '100'}, 'mapping tx-ring-ref 99'],
		['the receive ring is not granted', {'rx-ring-ref': '100'}, 'mapping rx-ring-ref 100'],
		['the port is not there', {'event-channel': '77'}, 'binding event-channel 77'],
		['the frontend wants no copies', {'request-rx-copy': '0'}, 'does not support copying receive path'],
		['the event channel is missing', {'event-channel': ''}, 'reading '],
	])('fails, and says why, when %s', (_, lies, message) => {
		const {attach, back, domainZero, guest, settle, frontPath, backPath, read, messages, xen} = netChannel();
		attach();
		inKernel(domainZero, () => back.start());
		inKernel(guest, () => {
			const keys = {
				'tx-ring-ref': String(guest.grant(0, guest.page(), false)),
				'rx-ring-ref': String(guest.grant(0, guest.page(), false)),
				'event-channel': '9',
				'request-rx-copy': '1',
				...lies,
				state: '4',
			};
			for (const [key, value] of Object.entries(keys)) guest.store.write(`${frontPath}/${key}`, value);
		});
		settle();
		expect(read(`${backPath}/state`)).toBe('5');
		expect(messages().some((text) => text.startsWith(`${back.name}: `) && text.includes(message))).toBe(true);
		expect(xen.grants.counters(0).mappings).toBe(0);
	});
});

describe('a netfront that goes over to a new incarnation of its backend', () => {
	it('drops what was under way, renegotiates and carries on', () => {
		const {connect, guest, front, back, atBack, fromGuest, toGuest, atGuest, domainZero, settle, run, read, backPath} =
			netChannel();
		const grants = guest.grants.used;
		connect();
		atBack.hold = true;
		const lost = packetOf(guest, pieces(pattern(2000)));
		fromGuest(lost);
		run(1_000_000);
		inKernel(guest, () => front.reconnect());
		settle();
		expect([lost.status, front.carrier]).toEqual([-2, false]);
		expect(front.deferredGrants).toBeGreaterThan(0);
		atBack.letGo();
		atBack.hold = false;
		run(3_000_000_000);
		expect([front.carrier, back.carrier, read(`${backPath}/state`)]).toEqual([true, true, '4']);
		const [out, back1] = [packetOf(guest, pieces(pattern(900))), packetOf(domainZero, pieces(pattern(600)))];
		fromGuest(out);
		toGuest(back1);
		settle();
		expect([out.status, back1.status]).toEqual([0, 0]);
		expect(atGuest.bytes).toEqual([pattern(600)]);
		expect(guest.grants.used).toBe(grants + 2 + 256);
	});
});
