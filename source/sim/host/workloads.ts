/**
The scenario's jobs, put to work: each starts when its disk can be used for the first time in the life of its domain (a CPU hog when the
domain's kernel starts), draws from its own random stream and is judged by the oracle of its disk. When a domain comes back its jobs
start anew, and go on counting.
*/
import {assert} from '../../engine/assert.js';
import type {Engine} from '../../engine/engine.js';
import {Histogram} from '../../engine/histogram.js';
import {CpuHog} from '../guest/cpu-hog.js';
import {Job} from '../guest/job.js';
import {summaryOf} from '../guest/job-options.js';
import type {Oracle} from '../guest/oracle.js';
import {ReadBack} from '../guest/read-back.js';
import type {BlockDevice} from '../kernel/block-device.js';
import type {DiskJob, Scenario} from '../scenario/types.js';
import {addCounts} from './counters.js';
import type {NetJobMeter} from './counters-network.js';
import type {HostDomain} from './host-domain.js';
import {nothingDone, type OperationCounts} from './meters.js';
import {NetWorkloads} from './net-workloads.js';
import type {JobMeter} from './sample.js';

/** A job that works on a disk. */
export class RunningJob implements JobMeter {
	/** fio's words: `randread 4k`. */
	readonly summary: string;
	#commits = new Histogram();
	/** What it had counted when its domain came back last. */
	#before = {read: nothingDone, write: nothingDone, flush: nothingDone, commits: new Histogram(), violations: 0};
	readonly #last = {read: nothingDone, write: nothingDone, flush: nothingDone};
	#host: HostDomain;
	#running: Job;

	constructor(
		host: HostDomain,
		readonly words: DiskJob,
		running: Job,
	) {
		this.#host = host;
		this.#running = running;
		this.summary = summaryOf(words);
	}

	/** The newest domain of its name. */
	get host(): HostDomain {
		return this.#host;
	}

	/** The job as it runs there. */
	get running(): Job {
		return this.#running;
	}

	/** Its domain has come back, and the job with it. */
	restart(host: HostDomain, running: Job): void {
		this.#before = {...this.counts(), commits: this.commits(), violations: this.violations};
		this.#host = host;
		this.#running = running;
	}

	/** Sectors that were not as they may be. */
	get violations(): number {
		return this.#before.violations + this.#running.violations;
	}

	get domain(): string {
		return this.host.name;
	}

	get job(): string {
		return this.words.name;
	}

	get disk(): string {
		return this.words.on;
	}

	counts() {
		return {read: this.#counts('read'), write: this.#counts('write'), flush: this.#counts('flush')};
	}

	/** Its writes flush, so that a write is done when it is safe: `commits` says when. */
	get isCommitting(): boolean {
		return this.words.fsync > 0;
	}

	/** From a write's arrival to the end of the flush that covers it. The same object while nothing more was counted. */
	commits(): Histogram {
		const {commitLatency} = this.#running;
		const {commits} = this.#before;
		if (this.#commits.count !== commits.count + commitLatency.count) {
			this.#commits = commitLatency.snapshot();
			this.#commits.add(commits);
		}

		return this.#commits;
	}

	/** The same object while nothing more was counted: snapshots of histograms are large. */
	#counts(operation: 'read' | 'write' | 'flush'): OperationCounts {
		const running = this.#running;
		const before = this.#before[operation];
		const latency: Histogram = running.latency(operation);
		if (this.#last[operation].latency.count !== before.latency.count + latency.count) {
			const bytes = operation === 'read' ? running.bytesRead : operation === 'write' ? running.bytesWritten : 0;
			const counts = {latency: latency.snapshot(), bytes, errors: running.errorsOf(operation)};
			this.#last[operation] = addCounts(before, counts);
		}

		return this.#last[operation];
	}
}

/** A job that burns CPU, in the newest domain of its name. */
export interface RunningHog {
	host: HostDomain;
	hog: CpuHog;
	/** Its place among all of them. */
	readonly index: number;
}

export class Workloads {
	readonly jobs: RunningJob[] = [];
	readonly hogs: RunningHog[] = [];
	/** By domain, of its present life. */
	readonly #readBacks = new Map<string, ReadBack[]>();
	/** Those that use a network. */
	readonly network: NetWorkloads;

	constructor(
		private readonly engine: Engine,
		private readonly oracle: Oracle,
		scenario: Scenario,
	) {
		this.network = new NetWorkloads(engine, scenario);
	}

	get meters(): readonly JobMeter[] {
		return this.jobs;
	}

	get netMeters(): readonly NetJobMeter[] {
		return this.network.jobs;
	}

	/** A domain's kernel exists: its hogs start with it. */
	domainReady(host: HostDomain): void {
		for (const words of host.words.jobs) {
			if (words.kind === 'cpu') {
				const known = this.hogs.find((each) => each.host.name === host.name && each.hog.options === words);
				const index = known?.index ?? this.hogs.length;
				const hog = new CpuHog(host.kernel, words, index % host.kernel.domain.vcpus.length);
				if (known === undefined) {
					this.hogs.push({host, hog, index});
				} else {
					known.host = host;
					known.hog = hog;
				}

				hog.start();
			}
		}
	}

	/** A domain shuts down in order, or loses a disk: its jobs (on the disk) begin nothing more. Those of the network end with their stack. */
	quit(name: string, disk = ''): void {
		for (const job of this.jobs) {
			if (job.domain === name && (disk === '' || job.disk === disk)) {
				job.running.quit();
			}
		}

		for (const {host, hog} of this.hogs) {
			if (host.name === name && disk === '') {
				hog.quit();
			}
		}
	}

	/**
	A domain is gone: what its jobs had under way may have happened or not, and the oracle knows. Returns how many requests nobody will
	answer.
	*/
	domainLost(name: string): number {
		let unanswered = 0;
		for (const job of this.jobs) {
			if (job.domain === name) {
				unanswered += job.running.outstanding;
				job.running.abandon();
			}
		}

		for (const readBack of this.#readBacks.get(name) ?? []) {
			readBack.abandon();
		}

		this.#readBacks.delete(name);
		return unanswered;
	}

	/**
	A disk can be used for the first time in its domain's life: its jobs start, after reading back what was known of the disk when there was
	a life before. Called inside a step of the domain's kernel or outside any.
	*/
	diskReady(host: HostDomain, disk: string, device: BlockDevice): void {
		const oracle = this.oracle.disk(host.name, disk);
		const starting: Job[] = [];
		let again = false;
		for (const words of host.words.jobs) {
			if (words.kind === 'disk' && words.on === disk) {
				const known = this.jobs.find((job) => job.domain === host.name && job.words === words);
				assert(known?.running.device !== device, 'a job is started once in the life of its disk');
				const random = this.engine.random.stream(`${host.name}/${disk}/${words.name}`);
				const job = new Job(host.kernel, device, {...words, verify: words.verify}, oracle, random);
				if (known === undefined) {
					this.jobs.push(new RunningJob(host, words, job));
				} else {
					known.restart(host, job);
					again = true;
				}

				starting.push(job);
			}
		}

		const start = () => {
			for (const job of starting) {
				job.start();
			}
		};
		if (again) {
			const readBack = new ReadBack(host.kernel, device, oracle, disk, start);
			this.#readBacks.set(host.name, [...(this.#readBacks.get(host.name) ?? []), readBack]);
			readBack.start();
		} else {
			start();
		}
	}
}
