/**
A recording is a scenario: the merged text, the seed, the operator's lines with their stamps, and the state hashes that a
replay must reach. Nothing of the simulation's state is stored; any moment is reached by simulating again.
*/
import {Document, isSeq} from 'yaml';
import {z} from 'zod';
import {Refused} from './problems.js';
import {isOperatorLine, type OperatorLine, plainLine, type TimelineLine} from './timeline.js';
import {durationText} from './units.js';
import type {Architecture} from './vocabulary.js';
import {asWord, duration, integer, scalar, strict, word} from './words.js';

export interface Checkpoint {
	/** Nanoseconds. */
	readonly at: number;
	/** Events executed so far. */
	readonly event: number;
	/** The state hash: 16 hexadecimal digits. */
	readonly hash: string;
}

export interface Recording {
	/** Version of ringtop that wrote it; another version's hashes may differ. */
	readonly version: string;
	/** At intervals, in order of time. */
	readonly hashes: readonly Checkpoint[];
	/** Where the recording stopped. */
	readonly end: Checkpoint | undefined;
}

export interface RecordingParts extends Recording {
	readonly seed: number;
	readonly arch: Architecture;
	/** All the operator's lines, in the order in which they took effect. */
	readonly operator: readonly OperatorLine[];
}

/** What a recording is made of, besides its parts: a Scenario has it. */
export interface Recordable {
	readonly source: Readonly<Record<string, unknown>>;
	readonly timeline: readonly TimelineLine[];
}

const checkpoint = strict({
	at: duration(),
	event: integer(0, Number.MAX_SAFE_INTEGER),
	hash: scalar((value) => {
		const text = asWord(value, 'a hash of 16 hexadecimal digits');
		if (!/^[0-9a-f]{16}$/.test(text)) {
			throw new Refused(`'${text}' is not a hash of 16 hexadecimal digits`);
		}

		return text;
	}),
});

export const recordingSchema = strict({
	version: word('a version such as 0.1.0', 40),
	hashes: z.array(checkpoint).default([]),
	end: checkpoint.optional(),
});

/** The Recording of a parsed `recording:` key, or undefined. */
export function buildRecording(raw: z.output<typeof recordingSchema> | undefined): Recording | undefined {
	return raw === undefined ? undefined : {version: raw.version, hashes: raw.hashes, end: raw.end};
}

/**
The recording of a run as YAML text. `parseScenario` gives back the scenario with the seed, the operator's lines after the
author's, and the recording. Operator's lines that the scenario already had (a replay) are replaced by `operator`.
*/
export function recordingText(scenario: Recordable, parts: RecordingParts): string {
	const written = scenario.source.timeline;
	const authors = (Array.isArray(written) ? written : []).filter(
		(_, index) => !isOperatorLine(scenario.timeline[index]),
	);
	const timeline = [...authors, ...parts.operator.map(plainLine)];
	const {recording: _, timeline: __, ...rest} = scenario.source;
	const document = new Document(
		{
			...rest,
			arch: parts.arch,
			seed: parts.seed,
			...(timeline.length > 0 ? {timeline} : {}),
			recording: {
				version: parts.version,
				...(parts.end === undefined ? {} : {end: plainCheckpoint(parts.end)}),
				...(parts.hashes.length > 0 ? {hashes: parts.hashes.map(plainCheckpoint)} : {}),
			},
		},
		// A repeated value is written out: aliases are for people.
		{aliasDuplicateObjects: false},
	);
	for (const path of [['timeline'], ['recording', 'hashes'], ['expect']]) {
		const list = document.getIn(path);
		for (const item of isSeq(list) ? list.items : []) {
			if (typeof item === 'object' && item !== null && 'items' in item) {
				(item as {flow?: boolean}).flow = true; // a map or list node: one line each
			}
		}
	}

	return document.toString({lineWidth: 0});
}

function plainCheckpoint({at, event, hash}: Checkpoint): Record<string, string | number> {
	return {at: durationText(at), event, hash};
}
