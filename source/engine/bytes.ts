/**
Copying between buffers, and reaching a buffer's words, as cheaply as V8 allows. `Buffer.prototype` has so many members that V8 keeps it as a
dictionary: a look at `buffer.byteOffset`, or a call of `buffer.copy`, costs more than copying a frame. So where a buffer lies is noted on
the buffer itself when it is first asked for, and from then on is one load.
*/

/** Where a buffer's bytes lie: the whole memory it is a view of, also as bytes and as words of the machine, and its first byte there. */
export interface Place {
	readonly memory: ArrayBufferLike;
	readonly bytes: Uint8Array;
	readonly words: Int32Array;
	readonly base: number;
}

interface PlacedBuffer extends Buffer {
	place?: Place;
}

/** Views over whole memories, made once for each. */
const wholes = new WeakMap<ArrayBufferLike, {readonly bytes: Uint8Array; readonly words: Int32Array}>();
/** Copies up to this many bytes are made word by word; a view for them would cost more. */
const shortBytes = 256;

/** Where a buffer lies. */
export function placeOf(memory: Buffer): Place {
	const {place} = memory as PlacedBuffer;
	return place === undefined ? notePlace(memory) : place;
}

/** Copies `length` bytes at `from` of `source` to `at` of `target`. Both must have them: there is no cutting short. */
export function copyBytes(source: Buffer, from: number, target: Buffer, at: number, length: number): void {
	const a = placeOf(source);
	const b = placeOf(target);
	const start = a.base + from;
	const to = b.base + at;
	if (length <= shortBytes && ((start ^ to) & 3) === 0) {
		copyShort(a, start, b, to, length);
	} else {
		b.bytes.set(new Uint8Array(a.memory, start, length), to);
	}
}

/** Bytes to the first whole word, words, and what is left. */
function copyShort(a: Place, from: number, b: Place, to: number, length: number): void {
	let source = from;
	let target = to;
	const end = from + length;
	while (source < end && (source & 3) !== 0) {
		b.bytes[target++] = a.bytes[source++];
	}

	const ends = source + ((end - source) & ~3);
	const {words} = a;
	const into = b.words;
	for (let word = source >> 2, other = target >> 2; word < ends >> 2; word++, other++) {
		into[other] = words[word];
	}

	target += ends - source;
	for (source = ends; source < end; source++, target++) {
		b.bytes[target] = a.bytes[source];
	}
}

function notePlace(memory: Buffer): Place {
	const {buffer} = memory;
	let whole = wholes.get(buffer);
	if (whole === undefined) {
		whole = {bytes: new Uint8Array(buffer), words: new Int32Array(buffer, 0, buffer.byteLength >> 2)};
		wholes.set(buffer, whole);
	}

	const place: Place = {memory: buffer, bytes: whole.bytes, words: whole.words, base: memory.byteOffset};
	Object.defineProperty(memory, 'place', {value: place});
	return place;
}
