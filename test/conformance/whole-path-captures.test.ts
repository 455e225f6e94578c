/**
Captures of the whole path, from the command line: a guest that replays a capture file finds every byte of it on the wire, and Wireshark
finds nothing wrong with what guests and LAN hosts say to each other, wherever it is watched.
*/
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterEach, describe, expect, it} from 'vitest';
import {type CapturedFrame, readCapture} from '../../source/net/pcap.js';
import {folderWith, ringtop} from '../support/cli.js';
import {recorded, sender} from '../support/replayed.js';
import {dissect, needsTshark} from '../support/tshark.js';

const head = `name: captured
host:
  cpus: 2
  devices:
    eth0: { model: 82540EM, pci: "00:05.0" }
  bridges:
    xenbr0: { nics: [eth0] }
`;
let folder: ReturnType<typeof folderWith> | undefined;

afterEach(() => {
	folder?.remove();
	folder = undefined;
});

/** Runs a scenario in a folder of its own, with captures in `eth0.pcapng` and the like. @returns the path of a file there. */
function run(scenario: string, captures: readonly string[], files: Readonly<Record<string, Uint8Array>> = {}) {
	folder = folderWith({'s.yaml': scenario, ...files});
	const {path} = folder;
	const words = captures.flatMap((capture) => ['--capture', capture]);
	const {code, stderr} = ringtop(['run', 's.yaml', ...words], {cwd: path});
	const named = [...new Set(captures.map((capture) => capture.split('=')[1]))];
	expect([code, stderr]).toEqual([0, named.map((file) => `capture: ${file}\n`).join('')]);
	return (name: string) => join(path, name);
}

const fromSender = (frames: readonly CapturedFrame[]) =>
	frames
		.filter(({bytes}) => Buffer.from(bytes).subarray(6, 12).equals(sender.mac))
		.map(({bytes}) => Buffer.from(bytes));

describe('a guest that replays a capture', () => {
	it('is found on the wire byte for byte, and at its interface as it sent it', () => {
		const file = run(
			`${head}
runtime: 6s
lan: {hosts: {client: {ip: 10.0.0.9}}}
domains:
  web:
    vif: [{ip: 10.0.0.1}]
    jobs: {again: {pcap: recorded.pcap, startdelay: 1500ms}}
`,
			['eth0=eth0.pcapng', 'web:0=web.pcapng'],
			{'recorded.pcap': recorded},
		);
		const original = readCapture(recorded).map(({bytes}) => Buffer.from(bytes));
		const padded = original.map((bytes) => Buffer.concat([bytes, Buffer.alloc(Math.max(0, 60 - bytes.length))]));
		expect(fromSender(readCapture(readFileSync(file('web.pcapng'))))).toEqual(original);
		expect(fromSender(readCapture(readFileSync(file('eth0.pcapng'))))).toEqual(padded);
	});

	it('runs the same whether it is captured or not', () => {
		const scenario = `${head}
runtime: 2s
lan: {hosts: {client: {ip: 10.0.0.9}}}
domains:
  web:
    vif: [{ip: 10.0.0.1}]
    jobs: {up: {iperf: client, startdelay: 1500ms, runtime: 4ms}}
`;
		const hash = (...words: string[]) => {
			folder?.remove();
			folder = folderWith({'s.yaml': scenario});
			const {stdout} = ringtop(['run', 's.yaml', ...words], {cwd: folder.path});
			return /events · state hash [0-9a-f]{16}/.exec(stdout)?.[0];
		};
		const watched = hash('--capture', 'eth0=a.pcapng', '--capture', 'web:0=a.pcapng');
		expect(watched).toBeDefined();
		expect(watched).toBe(hash());
	});
});

needsTshark()('the whole path, read by tshark', () => {
	it('nothing is wrong with what guests and LAN hosts say, on the wire and at an interface with every offload on', () => {
		const file = run(
			`${head}
runtime: 2s
lan: {hosts: {client: {ip: 10.0.0.9}}}
domains:
  web:
    vif: [{ip: 10.0.0.1}]
    jobs:
      up: {iperf: client, startdelay: 1500ms, runtime: 4ms}
      down: {iperf: client, reverse: true, startdelay: 1600ms, runtime: 4ms}
      rtt: {ping: client, interval: 100ms}
      datagrams: {iperf: client, udp: true, bitrate: 50Mb/s, startdelay: 1700ms, runtime: 4ms}
`,
			['eth0=eth0.pcapng', 'web:0=both.pcapng'],
		);
		const wire = dissect(file('eth0.pcapng'));
		expect(wire.length).toBeGreaterThan(500);
		expect(wire.filter(({wrong, comment}) => wrong.length > 0 || comment !== '')).toEqual([]);
		const vif = dissect(file('both.pcapng'));
		expect(vif.filter(({wrong}) => wrong.length > 0)).toEqual([]);
		for (const protocol of ['arp', 'icmp', 'tcp', 'udp']) {
			expect(vif.some(({protocols}) => protocols.includes(`:${protocol}`))).toBe(true);
		}
		// The guest leaves checksums and segmentation to the backend, which its comments say; nothing such reaches the wire.
		expect(vif.some(({direction, comment}) => direction === 'outbound' && comment.includes('filled in here'))).toBe(
			true,
		);
		expect(vif.some(({comment}) => comment.includes('to be cut into segments'))).toBe(true);
		expect(Math.max(...wire.map(({length}) => length))).toBe(1514);
	});

	it('what a bad link did is what is wrong, and nothing else', () => {
		const file = run(
			`${head}
runtime: 5s
lan: {corrupt: 0.5%, loss: 0.5%, hosts: {client: {ip: 10.0.0.9}}}
domains:
  web:
    vif: [{ip: 10.0.0.1}]
    jobs: {up: {iperf: client, startdelay: 1500ms, runtime: 3s, bitrate: 10Mb/s}}
`,
			['eth0=eth0.pcapng'],
		);
		const found = dissect(file('eth0.pcapng'));
		const flipped = found.filter(({comment}) => comment.includes('one bit flipped'));
		expect(flipped.length).toBeGreaterThan(5);
		expect(found.filter(({comment}) => comment === 'wire: lost').length).toBeGreaterThan(5);
		expect(found.filter(({wrong, comment}) => wrong.length > 0 && !comment.includes('one bit flipped'))).toEqual([]);
	});
});
