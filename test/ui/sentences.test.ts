/** Every kind of part and every state has its words, and the legend shows them. */
import {describe, expect, test} from 'vitest';
import {describe as inWords, keysFor} from '../../source/ui/describe.js';
import {sentenceKey, sentences} from '../../source/ui/sentences.js';
import {subjectsOf} from '../../source/ui/subject.js';
import {helpLines} from '../../source/ui/views/overlays.js';
import {fakeSnapshot} from '../support/fake-snapshot.js';

const situations = [
	{},
	{asleep: 1_300_000_000},
	{stalled: 61_000_000_000},
	{full: true},
	{closed: true},
	{died: true},
	{extraGuests: 3, cpus: 5},
];

describe('sentences', () => {
	test('are whole, and each says something of its own', () => {
		for (const [key, {glyph, what, state}] of Object.entries(sentences)) {
			expect(glyph, key).not.toBe('');
			expect(what.length, key).toBeGreaterThan(10);
			expect(state, key).toMatch(/^[A-Z].*[.]$/);
		}
	});

	test.each(situations)('are found for everything that can be selected %j', (options) => {
		const snapshot = fakeSnapshot(20_000_000_000, options);
		for (const subject of subjectsOf(snapshot)) {
			expect(sentences[sentenceKey(subject)]).toBeDefined();
			const {name, text} = inWords(subject);
			expect(name).not.toBe('');
			expect(text).not.toMatch(/undefined|NaN|\s{2}/);
			for (const [key, label] of keysFor(snapshot, subject)) expect(key + label).not.toBe('');
		}
	});

	test('say of a sleeping ring what is wrong and for how long', () => {
		const snapshot = fakeSnapshot(20_000_000_000, {asleep: 1_300_000_000});
		const ring = subjectsOf(snapshot).find((subject) => subject.kind === 'channel' && subject.channel.id === 'db.xvda');
		expect(ring === undefined ? '' : inWords(ring).text).toBe(
			'Asleep for 1.3 s: 32 requests on it, both ends sleep; a notification was lost. ' +
				'Ring of 32 slots shared by db and Domain-0.',
		);
	});

	test('are all in the legends', () => {
		const text = (['host', 'domains', 'channel', 'log'] as const)
			.flatMap((view) => helpLines(view, 300).map((runs) => runs.map(([part]) => part).join('')))
			.join('\n');
		for (const {state, what} of Object.values(sentences)) {
			expect(text).toContain(state);
			expect(text).toContain(what);
		}
	});
});

describe('a part that is between two requests', () => {
	test('is said to be so, in the same breath as its count', () => {
		const snapshot = fakeSnapshot(20_000_000_000);
		const words = subjectsOf(snapshot).flatMap((subject) =>
			subject.kind === 'part' && (subject.part.kind === 'driver' || subject.part.kind === 'blkback')
				? [inWords({...subject, part: {...subject.part, used: 0, size: 32, rate: 900}}).text]
				: [],
		);
		expect(words.length).toBeGreaterThan(1);
		for (const text of words) {
			expect(text).toMatch(
				/(No request is in its hands|Nothing it gave the device is unfinished) at this instant\. 0 /,
			);
			expect(text).not.toMatch(/At work|at work for it/);
		}
	});
});

test('a ring says for how long it is full only when that is long enough to read', () => {
	const [ring] = fakeSnapshot(20_000_000_000, {full: true}).channels.slice(-1);
	expect(inWords({kind: 'channel', channel: {...ring, since: 488_000}}).text).toContain('Full: 32 requests');
	expect(inWords({kind: 'channel', channel: {...ring, since: 58_000_000}}).text).toContain(
		'Full for 58 ms: 32 requests',
	);
});
