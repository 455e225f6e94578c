/**
 * Memory over an hour of simulated time: the default scenario, collected and weighed every simulated minute. The medium and the
 * oracle fill with what the jobs write during the first minutes; from half time to the end nothing may grow.
 */
import {fileURLToPath} from 'node:url';
import {measure, node} from './support.mjs';

const scenario = fileURLToPath(new URL('../scenarios/web-and-db.yaml', import.meta.url));
/** MiB, and the share of the whole, that the second half may add: allocator's granules, code compiled late. */
const slackMiB = 1;
const slackShare = 0.02;

export function benchHour() {
	const [program, ...words] = node('hour-run.mjs');
	const {samples, cpu, ios} = measure([program, '--expose-gc', ...words], scenario);
	const mean = (part) => part.reduce((sum, {used}) => sum + used, 0) / part.length;
	const [middle, end] = [mean(samples.slice(25, 35)), mean(samples.slice(-10))];
	const atMost = 1 + Math.max(slackShare, slackMiB / middle);
	const growth = end / middle;
	const rss = samples.map((sample) => sample.rss);
	return [
		{
			name: 'memory, end of the hour : half time',
			atMost,
			floor: atMost,
			median: growth,
			least: growth,
			greatest: growth,
			note: `${middle.toFixed(1)} MiB -> ${end.toFixed(1)} MiB used, at most ${Math.max(...rss).toFixed(0)} MiB resident; ${ios} I/Os, ${cpu.toFixed(0)} CPU-s`,
		},
		{
			name: '  … CPU-s per simulated s, default scenario',
			atMost: 0.03,
			median: cpu / 3600,
			least: cpu / 3600,
			greatest: cpu / 3600,
			note: 'of this machine, now: not a ratio',
		},
	];
}
