/** XenStore's numbers, offsets and error names, compared with the real headers through a small C program. */
import {execFileSync} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, expect, it} from 'vitest';
import {xenbusStateNames} from '../../source/sim/channel/xenbus.js';
import {errorNames} from '../../source/sim/xenstore/errors.js';
import * as ring from '../../source/sim/xenstore/ring.js';
import * as wire from '../../source/sim/xenstore/wire.js';
import {needsXenHeaders} from '../support/peers.js';

needsXenHeaders()('XenStore beside the real headers', () => {
	const real = new Map<string, string>();
	let folder = '';
	beforeAll(() => {
		folder = mkdtempSync(join(tmpdir(), 'ringtop-xenstore-'));
		const program = join(folder, 'xenstore');
		execFileSync('gcc', ['-Wall', '-o', program, join(import.meta.dirname, 'xenstore.c')]);
		for (const line of execFileSync(program, {encoding: 'utf8'}).trim().split('\n')) {
			const [name, value] = line.split(' ');
			real.set(name, value);
		}
	});
	afterAll(() => rmSync(folder, {recursive: true, force: true}));
	const realNumber = (name: string) => Number(real.get(name));

	it('message types', () => {
		for (const [name, value] of Object.entries(wire.messageType)) {
			expect([name, value]).toEqual([name, realNumber(name)]);
		}
	});

	it('sizes and limits', () => {
		expect([wire.headerBytes, wire.payloadMaximum]).toEqual([realNumber('header'), realNumber('payload')]);
		expect(wire.absolutePathMaximum).toBe(realNumber('absolute'));
		expect(wire.relativePathMaximum).toBe(realNumber('relative'));
		expect(ring.ringBytes).toBe(realNumber('ring'));
	});

	it('the domain interface page', () => {
		expect(ring.requestOffset).toBe(realNumber('req'));
		expect(ring.responseOffset).toBe(realNumber('rsp'));
		expect(ring.requestConsumer * 4).toBe(realNumber('req_cons'));
		expect(ring.requestProducer * 4).toBe(realNumber('req_prod'));
		expect(ring.responseConsumer * 4).toBe(realNumber('rsp_cons'));
		expect(ring.responseProducer * 4).toBe(realNumber('rsp_prod'));
		expect(ring.serverFeatures * 4).toBe(realNumber('server_features'));
		expect(ring.connectionState * 4).toBe(realNumber('connection'));
		expect(ring.errorField * 4).toBe(realNumber('error-field'));
		expect(ring.featureError).toBe(realNumber('featureError'));
		expect(ring.errorCommunication).toBe(realNumber('errorCommunication'));
		expect(ring.errorRingIndex).toBe(realNumber('errorRingIndex'));
		expect(ring.errorProtocol).toBe(realNumber('errorProtocol'));
	});

	it('error names', () => {
		for (const [i, name] of errorNames.entries()) {
			expect([name, i]).toEqual([name, realNumber(name)]);
		}
	});

	it('xenbus states', () => {
		for (const [i, name] of xenbusStateNames.entries()) {
			expect([name, i]).toEqual([name, realNumber(name)]);
		}
	});

	it('the header of a message', () => {
		const ours = wire.encodeMessage(wire.messageType.write, 0x01020304, 7, Buffer.from('/a\0x'));
		expect(ours.toString('hex', 0, 16)).toBe(real.get('message'));
	});
});
