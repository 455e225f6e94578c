/**
Reads captures of Ethernet frames: pcap in both byte orders, with microseconds or nanoseconds (draft-ietf-opsawg-pcap), and pcapng
(pcapng.ts). Files come from anywhere: whatever is wrong with one is a FileError that says where.
*/
import {ByteReader, type CapturedFrame, checkLinkType, FileError} from './pcap-bytes.js';
import {CaptureClock} from './pcap-time.js';
import {readPcapng, sectionHeader} from './pcapng.js';

export {type CapturedFrame, FileError} from './pcap-bytes.js';

const magicMicroseconds = 0xa1b2c3d4;
const magicNanoseconds = 0xa1b23c4d;
const headerBytes = 24;
const recordBytes = 16;

/**
The frames of a capture file, in its order. The frames' bytes are views of `file`.
@throws FileError, in words that follow the file's name: `the frame at byte 24 goes on after the file's last byte, 70`.
*/
export function readCapture(file: Uint8Array): CapturedFrame[] {
	const reader = new ByteReader(file);
	reader.need(0, 4, 'the header');
	if (reader.u32(0) === sectionHeader) {
		return readPcapng(reader);
	}

	for (const littleEndian of [true, false]) {
		reader.littleEndian = littleEndian;
		const magic = reader.u32(0);
		if (magic === magicMicroseconds || magic === magicNanoseconds) {
			return readPcap(reader, magic === magicNanoseconds ? 1 : 1000);
		}
	}

	throw new FileError('is neither pcap nor pcapng: its first four bytes are those of neither');
}

/** @param unit nanoseconds in a unit of the fraction. */
function readPcap(reader: ByteReader, unit: number): CapturedFrame[] {
	reader.need(0, headerBytes, 'the header');
	const version = reader.u16(4);
	if (version !== 2) {
		throw new FileError(`is pcap of version ${version}, of which 2 can be read`);
	}

	checkLinkType(reader.u32(20), 'the capture');
	const clock = new CaptureClock();
	const frames: CapturedFrame[] = [];
	let at = headerBytes;
	while (at < reader.length) {
		const what = `the frame at byte ${at}`;
		reader.need(at, recordBytes, what);
		const time = clock.at(reader.u32(at), reader.u32(at + 4) * unit, what);
		const length = reader.u32(at + 8);
		const wireLength = reader.u32(at + 12);
		at += recordBytes;
		frames.push(reader.frame(at, length, reader.length, wireLength, time, what));
		at += length;
	}

	return frames;
}
