/**
What a run is judged by: the scenario's expectations, the host's checks of itself, the findings that faults declared, and for a
recording the state hashes it was made with. Anything found that neither a fault nor an expectation explains fails the run.
*/
import type {Finding} from '../engine/findings.js';
import type {FaultRule} from '../sim/faults/rules.js';
import {trafficFinding} from '../sim/host/net-workloads.js';
import type {Host} from '../sim/host.js';
import {compare, measuredText} from '../sim/scenario/condition.js';
import {type CheckResult, type Expectation, evaluateExpectations} from '../sim/scenario/expectation.js';
import type {Checkpoint} from '../sim/scenario/recording.js';
import type {CheckedRecording, FaultReport, FindingReport, Report, RunFacts} from './report-types.js';

export function judge(
	host: Host,
	facts: RunFacts,
): Pick<Report, 'faults' | 'findings' | 'expectations' | 'recording' | 'verdict'> {
	const {scenario, engine} = host;
	const results = evaluateExpectations(scenario, host.metrics, engine.now);
	const asked = scenario.expect.filter(({under}) => under === undefined || under.includes(scenario.arch));
	const found = [...engine.findings.all, ...lastFindings(host)];
	const findings = found.map((finding) => findingReport(finding, asked, results));
	const faults = host.rules.all.map((rule) => faultReport(rule, found));
	const recording = scenario.recording === undefined ? undefined : checkRecording(host, facts.ending);
	const problems: string[] = [];
	if (facts.failure !== undefined) {
		problems.push(facts.failure);
	}

	for (const {text, met, reached, measured} of results) {
		if (reached && !met) {
			problems.push(`expected ${text}: ${measured}`);
		}
	}

	for (const {kind, time, text, explainedBy} of findings) {
		if (explainedBy === '') {
			problems.push(`at ${measuredText(time, 'time')}, unexplained (${kind}): ${text}`);
		}
	}

	if (host.finished) {
		for (const {id, target, fired, declared} of faults) {
			for (const {kind, must, findings: count} of declared) {
				if (must && fired > 0 && count === 0) {
					problems.push(`fault ${id} acted on ${target} and declares '${kind}', which nobody found`);
				}
			}
		}
	}

	if (recording?.differs !== undefined) {
		const {at, event, recorded, found, foundEvent} = recording.differs;
		const events = event === foundEvent ? `event ${event}` : `event ${event}, here ${foundEvent}`;
		const when = measuredText(at, 'time');
		problems.push(`the recording differs first at ${when} (${events}): its state hash is ${recorded}, here ${found}`);
	}

	const undecided = facts.ending === 'interrupted' && problems.length === 0;
	return {
		faults,
		findings,
		expectations: results.map(({text, met, reached, measured}) => ({text, met: reached ? met : undefined, measured})),
		recording,
		verdict: {met: undecided ? undefined : problems.length === 0, problems},
	};
}

/** What the checks would find if they looked once more. */
function lastFindings({workloads, engine: {findings, now}}: Host): Finding[] {
	return workloads.network.unreported().map(({parties, text}) => {
		const explainedBy = findings.explain(trafficFinding, parties);
		return {kind: trafficFinding, time: now, ended: 0, parties, text, explainedBy};
	});
}

function faultReport(rule: FaultRule, findings: readonly Finding[]): FaultReport {
	const {id, entry, target, text} = rule.options;
	const count = (must: boolean) => (kind: string) => ({
		kind,
		must,
		findings: findings.filter((finding) => finding.kind === kind && finding.explainedBy === id).length,
	});
	return {
		id,
		fault: entry.id,
		target,
		text,
		state: rule.state,
		armedAt: rule.armedAt,
		fired: rule.fired,
		firedAt: rule.firedAt,
		declared: [...rule.declares.map(count(true)), ...entry.allows.map(count(false))],
	};
}

function findingReport(
	{kind, time, ended, parties, text, explainedBy}: Finding,
	asked: readonly Expectation[],
	results: readonly CheckResult[],
): FindingReport {
	const expected = asked.findIndex((expectation, index) => results[index].met && names(expectation, kind, parties));
	const explanation = explainedBy !== '' || expected < 0 ? explainedBy : `expect ${asked[expected].text}`;
	return {kind, time, ended, parties, text, explainedBy: explanation};
}

/** Metrics that an expectation speaks of findings with, by kind of finding. */
const metricsOf: Readonly<Record<string, (path: readonly string[], parties: readonly string[]) => boolean>> = {
	oracle: ([first, second]) => first === 'acknowledged_writes' || (first === 'oracle' && second === 'violations'),
	crash: ([first, second]) => first === 'domains' && second === 'lost',
	unanswered: ([first, second]) => first === 'domains' && second === 'lost',
	traffic: (path, [job]) => path[path.length - 1] === 'errors' && path.slice(0, -1).join('.') === job.replace('/', '.'),
	asleep: (path, parties) => path[2] === 'stalled' && parties.includes(`${path[0]}.${path[1]}`),
};

/** Whether an expectation asks for findings of a kind: it would not be met if there were none. */
function names({check}: Expectation, kind: string, parties: readonly string[]): boolean {
	if (check.kind !== 'metric' || metricsOf[kind]?.(check.condition.metric.path, parties) !== true) {
		return false;
	}

	const {operator, wanted} = check.condition;
	return wanted.kind === 'number' && !compare(0, operator, wanted.value, check.tolerance);
}

/** Compares the hashes of a recording with this run's, as far as it came. */
function checkRecording(host: Host, ending: RunFacts['ending']): CheckedRecording | undefined {
	const {recording} = host.scenario;
	if (recording === undefined) {
		return undefined;
	}

	const {engine} = host;
	const pairs: [Checkpoint, Checkpoint][] = [];
	for (const recorded of recording.hashes) {
		if (recorded.at <= engine.now) {
			const found = host.hashes.find(({at}) => at === recorded.at);
			pairs.push([recorded, found ?? {at: recorded.at, event: recorded.event, hash: 'not hashed'}]);
		}
	}

	if (recording.end !== undefined && ending === 'end') {
		const here = {at: engine.now, event: engine.executed, hash: engine.hash.toString()};
		pairs.push([recording.end, here]);
	}

	const first = pairs.find(([recorded, found]) => recorded.hash !== found.hash || recorded.event !== found.event);
	return {
		version: recording.version,
		checked: pairs.length,
		total: recording.hashes.length + (recording.end === undefined ? 0 : 1),
		differs: first && {
			at: first[0].at,
			event: first[0].event,
			recorded: first[0].hash,
			found: first[1].hash,
			foundEvent: first[1].event,
		},
	};
}
