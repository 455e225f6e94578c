/** Wireshark's own readers, from Debian's tshark: what they make of a capture file. */
import {execFileSync} from 'node:child_process';
import {hasProgram, needs} from './peers.js';

/** `needs` for tests that ask tshark and capinfos. */
export function needsTshark(): ReturnType<typeof needs> {
	return needs('tshark', () => hasProgram('tshark') && hasProgram('capinfos'), 'apt-get install tshark');
}

export interface Dissected {
	readonly interface: string;
	/** `inbound`, `outbound`. */
	readonly direction: string;
	readonly comment: string;
	/** Bytes. */
	readonly length: number;
	/** Seconds since 1970 to the nanosecond, as text. */
	readonly time: string;
	/** `eth:ethertype:ip:tcp` */
	readonly protocols: string;
	/** What is wrong with it in Wireshark's eyes: `ip`, `tcp`, `udp`, `icmp` for checksums, `malformed`. */
	readonly wrong: readonly string[];
}

const fields = [
	'frame.interface_name',
	'frame.packet_flags_direction',
	'frame.comment',
	'frame.len',
	'frame.time_epoch',
	'frame.protocols',
	'_ws.malformed',
	'ip.checksum.status',
	'tcp.checksum.status',
	'udp.checksum.status',
	'icmp.checksum.status',
];
const checks = ['ip', 'tcp', 'udp'].flatMap((name) => ['-o', `${name}.check_checksum:TRUE`]);
const bad = '0';

/** Every frame of a file as tshark sees it, checksums checked. */
export function dissect(file: string, ...more: string[]): Dissected[] {
	const shown = fields.flatMap((field) => ['-e', field]);
	const words = ['-n', '-r', file, ...checks, ...more, '-T', 'fields', '-E', 'separator=/t', ...shown];
	const lines = run('tshark', words).split('\n').slice(0, -1);
	return lines.map((line) => {
		const [name, direction, comment, length, time, protocols, malformed, ...status] = line.split('\t');
		const wrong = ['ip', 'tcp', 'udp', 'icmp'].filter((_, i) => status[i] === bad);
		if (malformed !== '') wrong.push('malformed');
		return {
			interface: name,
			direction: {'1': 'inbound', '2': 'outbound'}[Number(direction)] ?? direction,
			comment,
			length: Number(length),
			time,
			protocols,
			wrong,
		};
	});
}

/** One field of every frame that passes a display filter. */
export function fieldOf(file: string, field: string, filter: string): string[] {
	return run('tshark', ['-n', '-r', file, ...checks, '-Y', filter, '-T', 'fields', '-e', field])
		.split('\n')
		.slice(0, -1);
}

/** What capinfos says. */
export function capinfos(file: string): string {
	return run('capinfos', ['-M', file]);
}

function run(program: string, words: readonly string[]): string {
	return execFileSync(program, words, {encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 28});
}
