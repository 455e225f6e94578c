/** Copies between buffers: as Buffer.copy makes them, whatever lies where. */
import fc from 'fast-check';
import {expect, test} from 'vitest';
import {copyBytes, placeOf} from '../../source/engine/bytes.js';

const bytes = 1024;

/** A buffer in a memory of its own, which it begins somewhere in, full of numbers that differ. */
function buffer(base: number, first: number): Buffer {
	const made = Buffer.from(new ArrayBuffer(base + bytes + 3), base, bytes);
	made.forEach((_, index) => {
		made[index] = first + index * 7;
	});
	return made;
}

test('copies what Buffer.copy does, at any alignment and length, and touches nothing else', () => {
	const offset = fc.nat({max: 300});
	fc.assert(
		fc.property(fc.nat({max: 9}), fc.nat({max: 9}), offset, offset, fc.nat({max: 700}), (a, b, from, at, length) => {
			const [source, target, expected] = [buffer(a, 1), buffer(b, 100), buffer(b, 100)];
			copyBytes(source, from, target, at, length);
			source.copy(expected, at, from, from + length);
			expect(target.equals(expected)).toBe(true);
			expect(source.equals(buffer(a, 1))).toBe(true);
		}),
	);
});

test('a buffer is placed where it lies in its memory, the same each time', () => {
	const made = buffer(6, 0);
	const place = placeOf(made);
	expect(place.base).toBe(6);
	expect(place.bytes[6 + 10]).toBe(made[10]);
	expect(place.words[2]).toBe(made.readInt32LE(2));
	expect(placeOf(made)).toBe(place);
});
