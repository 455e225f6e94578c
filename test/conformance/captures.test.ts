/**
Our captures in Wireshark's eyes: tshark checks every checksum. It first proves that it finds a flipped bit wherever a checksum covers
it, so that its silence afterwards means something.
*/
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, expect, it} from 'vitest';
import {Capture} from '../../source/doors/capture.js';
import {FrameTap} from '../../source/net/frame-tap.js';
import {pcapFile} from '../net/pcap-files.js';
import {LanPair} from '../support/lan-pair.js';
import {packetOf, tcpFrame, udpFrame} from '../support/packets.js';
import {frames, payload, receiver, replayed, sender} from '../support/replayed.js';
import {capinfos, dissect, fieldOf, needsTshark} from '../support/tshark.js';

/** What `eth0` sees of some traffic between two hosts, as a file. */
function captured(pair: LanPair, traffic: (pair: LanPair) => void): Buffer {
	const chunks: Uint8Array[] = [];
	const capture = new Capture([pair.tap], [{interface: 'eth0', file: 'a'}], 'test', (_, chunk) => chunks.push(chunk));
	traffic(pair);
	capture.end();
	return Buffer.concat(chunks);
}

needsTshark()('a capture, read by tshark', () => {
	let folder = '';
	let number = 0;
	const saved = (bytes: Uint8Array) => {
		const file = join(folder, `${number++}.pcapng`);
		writeFileSync(file, bytes);
		return file;
	};
	beforeAll(() => {
		folder = mkdtempSync(join(tmpdir(), 'ringtop-captures-'));
	});
	afterAll(() => rmSync(folder, {recursive: true, force: true}));

	it('one flipped bit is found wherever a checksum covers it', () => {
		const flips = [
			{frame: 1, byte: 22, what: 'ip'},
			{frame: 1, byte: 60, what: 'icmp'},
			{frame: 2, byte: 17, what: 'ip'},
			{frame: 2, byte: 100, what: 'udp'},
			{frame: 3, byte: 42, what: 'udp'},
			{frame: 4, byte: 40, what: 'tcp'},
			{frame: 4, byte: 1513, what: 'tcp'},
		];
		const spoiled = flips.map(({frame, byte}) => {
			const bytes = Buffer.from(frames[frame]);
			bytes[byte] ^= 0x04;
			return {seconds: 0, fraction: 0, bytes};
		});
		const file = saved(pcapFile([...frames.map((bytes) => ({seconds: 0, fraction: 0, bytes})), ...spoiled]));
		const wrong = dissect(file).map((frame) => frame.wrong);
		expect(wrong.slice(0, frames.length)).toEqual(frames.map(() => []));
		for (const [i, {what}] of flips.entries()) expect(wrong[frames.length + i]).toContain(what);
	});

	it('holds names, directions and nanoseconds, and nothing that is wrong', () => {
		const {file, seen} = replayed();
		const found = dissect(saved(file));
		expect(found).toHaveLength(300);
		for (const [i, {at}] of seen.entries()) {
			const {interface: name, direction, comment, time, wrong} = found[i];
			expect([name, direction, comment, wrong]).toEqual(['eth0', 'inbound', '', []]);
			expect(time).toBe(`${Math.floor(at / 1e9)}.${String(at % 1e9).padStart(9, '0')}`);
		}
		expect(new Set(found.map(({protocols}) => protocols.replace(/:data$/, '')))).toEqual(
			new Set(['eth:ethertype:arp', 'eth:ethertype:ip:icmp', 'eth:ethertype:ip:udp', 'eth:ethertype:ip:tcp']),
		);
	});

	it('complains of exactly the frames that an impairment altered, and their comments say so', () => {
		const {file} = replayed({corruption: 100_000, silentCorruption: 100_000, loss: 50_000, duplication: 50_000});
		const found = dissect(saved(file));
		const flipped = found.filter(({comment}) => comment.includes('one bit flipped'));
		expect(flipped.length).toBeGreaterThan(30);
		for (const {wrong, comment} of found) {
			if (!comment.includes('one bit flipped')) expect(wrong).toEqual([]);
		}
		// A flip in an Ethernet header, in padding, in ARP or of the IP version changes what the frame is, not its checksums.
		const covered = flipped.filter(({comment, protocols}) => {
			const byte = Number(/byte (\d+)/.exec(comment)?.[1]);
			return byte > 15 && /ip:(tcp|icmp)/.test(protocols);
		});
		expect(covered.length).toBeGreaterThan(10);
		for (const {wrong} of covered) expect(wrong).not.toEqual([]);
		expect(found.filter(({comment}) => comment.includes('wire: lost')).length).toBeGreaterThan(5);
		expect(found.filter(({comment}) => comment.includes('a duplicate')).length).toBeGreaterThan(5);
	});

	it('of a TCP connection from SYN to FIN has nothing that is wrong or looked at askance', () => {
		const file = saved(
			captured(new LanPair({delay: 300_000}), (pair) => {
				const {client, server} = pair.transfer(3_000_000, 500_000);
				pair.pass(10_000_000_000);
				expect([client.wrong + server.wrong, client.received, server.received]).toEqual([0, 500_000, 3_000_000]);
			}),
		);
		const found = dissect(file);
		expect(found.length).toBeGreaterThan(3_000_000 / 1448 + 500_000 / 1448);
		expect(found.filter(({wrong, comment}) => wrong.length > 0 || comment !== '')).toEqual([]);
		expect(fieldOf(file, 'frame.number', 'tcp.analysis.flags && !tcp.analysis.window_update')).toEqual([]);
		// Wireshark has seen the whole conversation: SYN, data and FIN of both sides (tcp.completeness 31).
		expect(fieldOf(file, 'tcp.completeness', 'tcp').at(-1)).toBe('31');
	});

	it('of a TCP connection over a bad link is wrong where a bit was flipped, and nowhere else', () => {
		const bad = {loss: 10_000, corruption: 10_000, silentCorruption: 10_000, duplication: 10_000, reordering: 10_000};
		const file = saved(
			captured(new LanPair({delay: 300_000, ...bad}), (pair) => {
				const {server} = pair.transfer(2_000_000);
				pair.pass(100_000_000_000);
				expect(server).toMatchObject({received: 2_000_000, wrong: 0});
			}),
		);
		const found = dissect(file);
		for (const {wrong, comment} of found) {
			if (!comment.includes('one bit flipped')) expect(wrong).toEqual([]);
		}
		expect(found.filter(({wrong}) => wrong.includes('tcp')).length).toBeGreaterThan(10);
		expect(
			fieldOf(file, 'frame.number', 'tcp.analysis.fast_retransmission || tcp.analysis.retransmission').length,
		).toBeGreaterThan(10);
	});

	it('a blank checksum is written right, and a packet to be segmented whole, each with a comment', () => {
		const tap = new FrameTap('web:0');
		const other = new FrameTap('eth0');
		const chunks: Uint8Array[] = [];
		const words = [
			{interface: 'eth0', file: 'a'},
			{interface: 'web:0', file: 'a'},
		];
		const capture = new Capture([tap, other], words, 'test', (_, chunk) => chunks.push(chunk));
		const show = (bytes: Buffer, segmentSize: number) =>
			tap.onFrame?.({at: 1, direction: 'outbound', bytes: packetOf(bytes), checksumBlank: true, segmentSize, note: ''});
		show(udpFrame(sender, receiver, payload(99), true), 0);
		show(tcpFrame(sender, receiver, payload(1448), true), 0);
		show(tcpFrame(sender, receiver, payload(60_000), true), 1448);
		capture.end();
		const file = saved(Buffer.concat(chunks));
		expect(
			dissect(file).map(({interface: name, direction, wrong, comment}) => [name, direction, wrong, comment]),
		).toEqual([
			['web:0', 'outbound', [], 'checksum left blank by the sender, filled in here'],
			['web:0', 'outbound', [], 'checksum left blank by the sender, filled in here'],
			[
				'web:0',
				'outbound',
				[],
				'one packet of 60054 bytes, to be cut into segments of 1448; checksum left blank by the sender, filled in here',
			],
		]);
		// Without the filling they would be wrong.
		expect(
			fieldOf(file, 'frame.number', 'tcp.checksum.status == "Good" || udp.checksum.status == "Good"'),
		).toHaveLength(3);
		expect(capinfos(file)).toMatch(/Name = eth0[\s\S]*Name = web:0/);
		expect(capinfos(file)).toMatch(/Capture application: +ringtop test/);
		expect(capinfos(file)).toMatch(/Time precision = nanoseconds \(9\)/);
	});
});
