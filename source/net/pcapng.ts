/**
Reads pcapng (draft-ietf-opsawg-pcapng): section headers in either byte order, interface descriptions with their time resolution and
offset, enhanced and simple packets. A simple packet has no time and gets that of the one before. Blocks of other kinds say nothing
about frames and are passed over; the obsolete packet block is refused, so that no frame is lost unseen.
*/
import {type ByteReader, type CapturedFrame, checkLinkType, FileError} from './pcap-bytes.js';
import {CaptureClock, ticksPerSecond} from './pcap-time.js';

/** Block types. A section header's reads the same in both byte orders. */
export const sectionHeader = 0x0a0d0d0a;
export const interfaceDescription = 1;
const obsoletePacket = 2;
export const simplePacket = 3;
export const enhancedPacket = 6;
/** In a section header: tells the byte order of its section. */
export const byteOrderMagic = 0x1a2b3c4d;
/** Options of interfaces. */
export const optionEnd = 0;
export const optionTimeResolution = 9;
const optionTimeOffset = 14;
/** Type, length, and the length again. */
const blockBytes = 12;

interface Interface {
	/** Most bytes of a frame; 0 for no limit. */
	readonly snapshot: number;
	readonly ticksPerSecond: number;
	/** Seconds that are added to its time stamps. */
	readonly epoch: number;
}

/** @param reader of a file that begins with a section header. */
export function readPcapng(reader: ByteReader): CapturedFrame[] {
	const frames: CapturedFrame[] = [];
	const clock = new CaptureClock();
	let interfaces: Interface[] = [];
	for (let at = 0; at < reader.length; ) {
		reader.need(at, blockBytes, `the block at byte ${at}`);
		const type = reader.u32(at);
		if (type === sectionHeader) {
			chooseByteOrder(reader, at);
			interfaces = [];
		}

		const end = endOfBlock(reader, at);
		switch (type) {
			case interfaceDescription:
				interfaces.push(readInterface(reader, at, end, interfaces.length));
				break;
			case enhancedPacket:
				frames.push(readEnhanced(reader, at, end, interfaces, clock));
				break;
			case simplePacket:
				frames.push(readSimple(reader, at, end, interfaces, clock));
				break;
			case obsoletePacket:
				throw new FileError(`the block at byte ${at} is an obsolete packet block, which is not read`);
		}

		at = end + 4;
	}

	return frames;
}

function chooseByteOrder(reader: ByteReader, at: number): void {
	for (const littleEndian of [true, false]) {
		reader.littleEndian = littleEndian;
		if (reader.u32(at + 8) === byteOrderMagic) {
			reader.need(at, blockBytes + 16, `the section header at byte ${at}`);
			const version = reader.u16(at + 12);
			if (version !== 1) {
				throw new FileError(`the section at byte ${at} is pcapng of version ${version}, of which 1 can be read`);
			}

			return;
		}
	}

	throw new FileError(`the section header at byte ${at} has no byte-order magic`);
}

/** Where the block's body ends and its length stands again. */
function endOfBlock(reader: ByteReader, at: number): number {
	const what = `the block at byte ${at}`;
	const length = reader.u32(at + 4);
	if (length < blockBytes || (length & 3) !== 0) {
		throw new FileError(`${what} claims a length of ${length}`);
	}

	reader.need(at, length, what);
	const again = reader.u32(at + length - 4);
	if (again !== length) {
		throw new FileError(`${what} is ${length} bytes long where it begins and ${again} where it ends`);
	}

	return at + length - 4;
}

function readInterface(reader: ByteReader, at: number, end: number, number: number): Interface {
	const body = at + 8;
	needBody(body, 8, end, `the interface at byte ${at}`);
	checkLinkType(reader.u16(body), `interface ${number}`);
	let resolution = 6;
	let epoch = 0;
	for (let option = body + 8; option + 4 <= end; ) {
		const code = reader.u16(option);
		const length = reader.u16(option + 2);
		const value = option + 4;
		if (code === optionEnd) {
			break;
		}

		needBody(value, length, end, `an option of the interface at byte ${at}`);
		if (code === optionTimeResolution && length === 1) {
			resolution = reader.bytes[value];
		} else if (code === optionTimeOffset && length === 8) {
			const [low, high] = reader.littleEndian ? [value, value + 4] : [value + 4, value];
			epoch = (reader.u32(high) | 0) * 4_294_967_296 + reader.u32(low);
		}

		option = value + padded(length);
	}

	return {snapshot: reader.u32(body + 4), ticksPerSecond: ticksPerSecond(resolution), epoch};
}

function readEnhanced(
	reader: ByteReader,
	at: number,
	end: number,
	interfaces: readonly Interface[],
	clock: CaptureClock,
): CapturedFrame {
	const what = `the frame at byte ${at}`;
	const body = at + 8;
	needBody(body, 20, end, what);
	const {ticksPerSecond: perSecond, epoch} = interfaceOf(interfaces, reader.u32(body), what);
	const time = clock.ticks(reader.u32(body + 4), reader.u32(body + 8), perSecond, epoch, what);
	return reader.frame(body + 20, reader.u32(body + 12), end, reader.u32(body + 16), time, what);
}

function readSimple(
	reader: ByteReader,
	at: number,
	end: number,
	interfaces: readonly Interface[],
	clock: CaptureClock,
): CapturedFrame {
	const what = `the frame at byte ${at}`;
	const body = at + 8;
	needBody(body, 4, end, what);
	const {snapshot} = interfaceOf(interfaces, 0, what);
	const wireLength = reader.u32(body);
	const length = snapshot === 0 ? wireLength : Math.min(snapshot, wireLength);
	return reader.frame(body + 4, length, end, wireLength, clock.same(), what);
}

function interfaceOf(interfaces: readonly Interface[], number: number, what: string): Interface {
	const found = interfaces[number];
	if (found === undefined) {
		throw new FileError(`${what} is of interface ${number}, which nothing describes`);
	}

	return found;
}

function needBody(at: number, length: number, end: number, what: string): void {
	if (at + length > end) {
		throw new FileError(`${what} is shorter than what it must hold`);
	}
}

/** Options and frames are padded to whole words. */
export function padded(length: number): number {
	return (length + 3) & ~3;
}
