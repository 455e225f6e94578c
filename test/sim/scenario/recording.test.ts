/** Recordings are scenarios: what goes in comes back. */
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {parseScenario} from '../../../source/sim/scenario/parse.js';
import {type Checkpoint, recordingText} from '../../../source/sim/scenario/recording.js';
import type {OperatorLine, Verb} from '../../../source/sim/scenario/timeline.js';
import {base} from './base.js';

const author = `${base}about: "on: off # 1e3"
timeline:
  - { at: 0s, say: "yes: no" }
  - { when: web.xvda.outstanding >= 4, from: 1s, fault: evt.lost, target: web.xvda, id: mine }
expect:
  - oracle.violations == 0
  - { that: web.xvda.read.p99 < 1ms, from: 2s, to: 4s }
`;

const target = {domain: 'web', vdev: 'xvda'};
const time = fc.nat(60_000_000).map((n) => n * 1000 + (n % 1000));
const event = fc.maxSafeNat();
const sentence = fc.stringMatching(/^[a-zA-Z0-9:#,'"{}[\]&*!|>%@`é–-]([ a-zA-Z0-9:#,'"{}[\]&*!|>%@`é–-]{0,30}[a-z])?$/);
const weight = fc.option(fc.integer({min: 1, max: 65_535}), {nil: undefined});
const verb: fc.Arbitrary<Verb> = fc.oneof(
	sentence.map((text) => ({verb: 'say', text: text.replace(/ +/g, ' ')}) as const),
	fc.constant({verb: 'kick', target} as const),
	fc.constant({verb: 'clear', id: 'mine'} as const),
	fc.constantFrom(0, 1000, 1e6, 1e9, 1e10).map((speed) => ({verb: 'speed', speed}) as const),
	fc.constantFrom('pause', 'unpause').map((command) => ({verb: 'xl', xl: {command, domain: 'web'}}) as const),
	weight.map(
		(weight) =>
			({
				verb: 'xl',
				xl: {command: 'sched-credit', domain: 'Domain-0', weight, cap: weight === undefined ? 7 : undefined},
			}) as const,
	),
	fc
		.record({
			times: fc.nat(1000),
			for: fc.nat(10_000_000),
			direction: fc.constantFrom('to-backend', 'to-frontend', 'both'),
		})
		.map(
			(fault) =>
				({
					verb: 'fault',
					fault: {fault: 'evt.lost', id: '', target, ...fault, times: fault.for === 0 ? fault.times + 1 : fault.times},
				}) as const,
		),
);
const operator: fc.Arbitrary<OperatorLine[]> = fc
	.array(fc.record({trigger: time.map((at) => ({kind: 'at', at}) as const), event, verb}), {maxLength: 12})
	.map((lines) =>
		// Ids are the session's business: each its own.
		lines.map((line, index) =>
			line.verb.verb === 'fault'
				? {...line, verb: {...line.verb, fault: {...line.verb.fault, id: `op-${index}`}}}
				: line,
		),
	);
const hash = fc.stringMatching(/^[0-9a-f]{16}$/);
const checkpoint: fc.Arbitrary<Checkpoint> = fc.record({at: time, event, hash});

describe('a recording', () => {
	it('is a scenario that a person can read', () => {
		const scenario = parseScenario(base, 't.yaml');
		const text = recordingText(scenario, {
			version: '0.1.0',
			seed: 42,
			arch: 'xen2',
			operator: [{trigger: {kind: 'at', at: 12_345}, event: 678, verb: {verb: 'kick', target}}],
			hashes: [{at: 1e9, event: 1000, hash: '0123456789abcdef'}],
			end: {at: 2e9, event: 2000, hash: '1234567890123456'},
		});
		expect(text).toContain('seed: 42');
		expect(text).toContain('- { at: 12345ns, event: 678, kick: web.xvda }');
		expect(text).toContain('- { at: 1s, event: 1000, hash: 0123456789abcdef }');
		expect(parseScenario(text, 'r.yaml').recording).toEqual({
			version: '0.1.0',
			hashes: [{at: 1e9, event: 1000, hash: '0123456789abcdef'}],
			end: {at: 2e9, event: 2000, hash: '1234567890123456'},
		});
	});

	it('gives back what went into it', () => {
		const scenario = parseScenario(author, 't.yaml');
		fc.assert(
			fc.property(
				operator,
				fc.array(checkpoint, {maxLength: 5}),
				fc.option(checkpoint, {nil: undefined}),
				fc.maxSafeNat(),
				(lines, hashes, end, seed) => {
					const text = recordingText(scenario, {version: '1.2.3', seed, arch: 'xen2', operator: lines, hashes, end});
					const again = parseScenario(text, 'r.yaml');
					const {source: _, ...rest} = scenario;
					expect(again).toEqual({
						...rest,
						seed,
						timeline: [...scenario.timeline, ...lines],
						recording: {version: '1.2.3', hashes, end},
						source: again.source,
					});
					// Recorded once more, as a replay does: the same text.
					expect(recordingText(again, {version: '1.2.3', seed, arch: 'xen2', operator: lines, hashes, end})).toBe(text);
				},
			),
			{numRuns: 200},
		);
	});

	it('holds what its file included', () => {
		const scenario = parseScenario('include: base.yaml\nname: over\n', 't.yaml', {
			readInclude: (file) => ({file, text: author}),
		});
		const text = recordingText(scenario, {
			version: '1',
			seed: 1,
			arch: 'xen2',
			operator: [],
			hashes: [],
			end: undefined,
		});
		expect(parseScenario(text, 'r.yaml')).toMatchObject({
			name: 'over',
			timeline: scenario.timeline,
			expect: scenario.expect,
		});
	});
});
