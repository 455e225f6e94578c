/** A disk comes up through xenbus, and goes: states and keys as Xen's io/xenbus.h and io/blkif.h describe them. */
import {describe, expect, it} from 'vitest';
import {protocol} from '../../../source/sim/channel/blkif.js';
import {diskChannel, inKernel} from '../../support/disk-channel.js';

describe('the handshake of blkfront and blkback', () => {
	it('ends with both Connected, and the guest knowing the disk', () => {
		const {connect, front, back, frontPath, backPath, read} = diskChannel();
		connect();
		expect(front.state).toBe('connected');
		expect(read(`${frontPath}/state`)).toBe('4');
		expect(read(`${backPath}/state`)).toBe('4');
		expect(read(`${frontPath}/protocol`)).toBe(protocol);
		expect(read(`${frontPath}/ring-ref`)).toBe(String(front.ringReference));
		expect(read(`${frontPath}/event-channel`)).toBe(String(front.port));
		expect(read(`${backPath}/sectors`)).toBe('2048');
		expect(read(`${backPath}/sector-size`)).toBe('512');
		expect(read(`${backPath}/feature-flush-cache`)).toBe('1');
		expect(front.limits).toMatchObject({sectors: 2048, logicalBlock: 512, volatileCache: true, readonly: false});
		expect(back.port).toBeGreaterThan(0);
	});

	it('works whichever end starts first', () => {
		const {attach, front, back, guest, domainZero, settle} = diskChannel();
		attach();
		inKernel(guest, () => front.start());
		settle();
		expect(front.state).toBe('connecting');
		inKernel(domainZero, () => back.start());
		settle();
		expect(front.state).toBe('connected');
	});

	it('tells the guest that a disk is read-only', () => {
		const {connect, front, backPath, read} = diskChannel({mode: 'r'});
		connect();
		expect(read(`${backPath}/info`)).toBe('4');
		expect(front.limits.readonly).toBe(true);
	});

	it('goes down in order when the toolstack detaches the disk, and leaves nothing granted or mapped', () => {
		const {connect, front, back, backPath, frontPath, read, store, domainZero, settle, guest} = diskChannel();
		const before = guest.grants.used;
		connect();
		expect(guest.grants.used).toBe(before + 1);
		inKernel(domainZero, () => {
			store.write(`${backPath}/online`, '0');
			store.write(`${backPath}/state`, '5');
		});
		settle();
		expect(read(`${frontPath}/state`)).toBe('6');
		expect(read(`${backPath}/state`)).toBe('6');
		expect(front.state).toBe('closed');
		expect(front.ring).toBe(null);
		expect(back.ring).toBe(null);
		expect(guest.grants.used).toBe(before);
	});

	it('refuses a protocol it does not speak, and says so', () => {
		const {attach, back, domainZero, guest, settle, frontPath, backPath, read, messages} = diskChannel();
		attach();
		inKernel(domainZero, () => back.start());
		inKernel(guest, () => {
			guest.store.write(`${frontPath}/ring-ref`, '9');
			guest.store.write(`${frontPath}/event-channel`, '9');
			guest.store.write(`${frontPath}/protocol`, 'x86_32-abi');
			guest.store.write(`${frontPath}/state`, '3');
		});
		settle();
		expect(read(`${backPath}/state`)).toBe('5');
		expect(messages()).toContain('blkback web.xvda: unknown fe protocol x86_32-abi');
	});

	it('fails, and says why, when the ring page is not granted', () => {
		const {attach, back, domainZero, guest, settle, frontPath, backPath, read, messages} = diskChannel();
		attach();
		inKernel(domainZero, () => back.start());
		inKernel(guest, () => {
			guest.store.write(`${frontPath}/ring-ref`, '99');
			guest.store.write(`${frontPath}/event-channel`, '9');
			guest.store.write(`${frontPath}/state`, '3');
		});
		settle();
		expect(read(`${backPath}/state`)).toBe('5');
		expect(messages().some((text) => text.includes('mapping ring-ref 99'))).toBe(true);
	});
});
