/** Nodes and paths of the store, request by request. */
import {describe, expect, it} from 'vitest';
import {treeText} from '../../../source/sim/xenstore/listing.js';
import {payloadOf} from '../../../source/sim/xenstore/wire.js';
import {storeAlone} from './store-clients.js';

describe('nodes', () => {
	it("begin as xenstored's own", () => {
		const {store} = storeAlone();
		expect(treeText(store.tree)).toBe('tool = ""\n xenstored = ""\n');
		expect(store.nodes).toBe(5);
	});

	it('come into being with every directory above them, children in the order they came', () => {
		const {dom0, store} = storeAlone();
		dom0.write('/local/domain/1/name', 'web');
		dom0.ask('makeDirectory', ['/local/domain/0']);
		expect(dom0.ask('directory', ['/local/domain'])).toBe('1,0');
		expect(dom0.ask('directory', ['/'])).toBe('tool,local');
		expect(dom0.ask('read', ['/local/domain'])).toBe('');
		expect(treeText(store.tree, '/local')).toBe('domain = ""\n 1 = ""\n  name = "web"\n 0 = ""\n');
	});

	it('hold bytes, with or without a NUL', () => {
		const {dom0, store} = storeAlone();
		dom0.write('/a', 'x\0y\xff\n');
		expect(dom0.ask('read', ['/a'])).toBe('x\0y\xff\n');
		expect(treeText(store.tree, '/')).toContain('a = "x\\000y\\xff\\n"');
	});

	it('are removed with everything below them', () => {
		const {dom0, store} = storeAlone();
		const nodes = store.nodes;
		dom0.write('/a/b/c', '');
		dom0.write('/a/d', '');
		expect(dom0.ask('remove', ['/a'])).toBe('OK');
		expect(store.nodes).toBe(nodes);
		expect(dom0.ask('read', ['/a/b/c'])).toBe('ENOENT');
		expect(dom0.ask('directory', ['/'])).toBe('tool');
	});

	it('answer as the protocol says when there is nothing to do', () => {
		const {dom0} = storeAlone();
		dom0.write('/a', '1');
		expect(dom0.ask('makeDirectory', ['/a'])).toBe('OK');
		expect(dom0.ask('read', ['/a'])).toBe('1');
		expect(dom0.ask('remove', ['/b'])).toBe('OK');
		expect(dom0.ask('remove', ['/b/c'])).toBe('ENOENT');
		expect(dom0.ask('remove', ['/'])).toBe('EINVAL');
		expect(dom0.ask('control', ['check'])).toBe('ENOSYS');
		expect(dom0.ask('watchEvent', ['x'])).toBe('ENOSYS');
	});

	it.each([
		['', 'EINVAL'],
		['/a/', 'EINVAL'],
		['//a', 'EINVAL'],
		['/a b', 'EINVAL'],
		['/a.b', 'EINVAL'],
		['@releaseDomain', 'EINVAL'],
		[`/${'a'.repeat(3072)}`, 'EINVAL'],
		['a'.repeat(2049), 'EINVAL'],
		['/A-Z_0@9', 'OK'],
		['relative', 'OK'],
	])('take the path %j: %s', (path, answer) => {
		const {dom0} = storeAlone();
		expect(dom0.write(path, 'x')).toBe(answer);
	});

	it("resolve relative paths below the caller's home", () => {
		const {dom0, client} = storeAlone();
		dom0.ask('makeDirectory', ['/local/domain/3']);
		dom0.ask('setPermissions', ['/local/domain/3', 'n3']);
		expect(client(3).write('device/x', '1')).toBe('OK');
		expect(dom0.ask('read', ['/local/domain/3/device/x'])).toBe('1');
		expect(dom0.ask('read', ['../x'])).toBe('EINVAL');
	});

	it('give a long directory in parts that hold together', () => {
		const {dom0} = storeAlone();
		const names: string[] = [];
		for (let i = 0; i < 900; i++) {
			names.push(`name-${i}`);
			dom0.write(`/many/name-${i}`, '');
		}

		expect(dom0.ask('directory', ['/many'])).toBe('E2BIG');
		const found: string[] = [];
		let offset = 0;
		for (let part = 0; part < 10; part++) {
			const [, ...rest] = dom0.ask('directoryPart', ['/many', `${offset}`]).split(',');
			const last = rest[rest.length - 1] === '';
			const whole = last ? rest.slice(0, -1) : rest;
			found.push(...whole);
			offset += payloadOf(whole).length;
			if (last) break;
		}

		expect(found).toEqual(names);
		expect(dom0.ask('directoryPart', ['/many', '999999'])).toMatch(/^\d+,$/);
	});
});
