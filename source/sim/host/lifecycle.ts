/**
A host through its boots: what happens when a domain or the whole of it crashes, and the way back. The machine is reset some seconds after
domain zero or Xen is gone; firmware, Xen, domain zero's kernel and the guests each take their time to come up again.
*/
import type {Engine} from '../../engine/engine.js';
import {Step} from '../../engine/step.js';
import type {Oracle} from '../guest/oracle.js';
import type {Scenario} from '../scenario/types.js';
import {durationText} from '../scenario/units.js';
import type {BootOptions} from './boot.js';
import {crash} from './crash.js';
import type {Hardware} from './hardware.js';
import type {HostBoot} from './host-boot.js';
import type {Past} from './past.js';
import type {Workloads} from './workloads.js';

const second = 1_000_000_000;

export class Lifecycle {
	#boot: HostBoot;
	#isDown = false;
	readonly #reset: Step;
	readonly #start: Step;

	/**
	@param make makes a boot; called at once for the first.
	@param wire tells of each boot before anything of it runs; whoever outlives boots listens to it from then on.
	*/
	constructor(
		private readonly engine: Engine,
		private readonly scenario: Scenario,
		private readonly hardware: Hardware,
		private readonly past: Past,
		private readonly oracle: Oracle,
		private readonly make: (options: BootOptions) => HostBoot,
		private readonly wire: (boot: HostBoot) => void,
		private readonly workloads: () => Workloads,
	) {
		this.#reset = new Step('machine reset', engine.world, 0, false, () => this.#resets());
		this.#start = new Step('Xen starts', engine.world, 0, false, () => this.#starts());
		this.#boot = make({isFirst: true});
	}

	/** The boot that is running, or the last one while the host is down. */
	get boot(): HostBoot {
		return this.#boot;
	}

	/** No domain runs: between a crash of the host and the next boot. */
	get isDown(): boolean {
		return this.#isDown;
	}

	/** A step panicked. @param name the domain's whose it was; undefined for Xen. @throws errors that are no panic. */
	crashed(name: string | undefined, error: unknown): void {
		const {engine, scenario} = this;
		const wait = scenario.toolstack.hostReboot;
		const seconds = wait % second === 0 ? `${wait / second} seconds` : durationText(wait);
		const boot = this.#boot;
		const alive = boot.domains.filter(({kernel}) => kernel.alive);
		if (!crash(engine, boot, name, error, seconds)) {
			this.#lose(alive.filter((domain) => domain.name === name).map((domain) => domain.name));
			return;
		}

		this.#isDown = true;
		this.past.downSince = engine.now;
		this.#lose(alive.map((domain) => domain.name));
		engine.after(wait, this.#reset);
	}

	#lose(names: readonly string[]): void {
		const {engine, past} = this;
		past.lost += names.length;
		for (const name of names) {
			const unanswered = this.workloads().domainLost(name);
			this.#boot.disks.lost(name);
			if (unanswered > 0) {
				const what = unanswered === 1 ? '1 request was' : `${unanswered} requests were`;
				engine.findings.report('unanswered', engine.now, [name], `${name}: ${what} never answered`);
			}
		}
	}

	#resets(): void {
		const {engine, scenario} = this;
		const {firmware, xenBoot} = scenario.toolstack;
		engine.log.add(engine.now, 'host', 'warning', 'kernel', 'the machine is reset');
		this.hardware.reset();
		this.oracle.allReset();
		engine.after(firmware + xenBoot, this.#start);
	}

	#starts(): void {
		const {engine, past, scenario} = this;
		engine.log.add(engine.now, 'Xen', 'notice', 'kernel', 'started: domain zero boots');
		past.outage = past.outageAt(engine.now);
		past.downSince = -1;
		this.#isDown = false;
		const [{name}] = scenario.domains;
		past.restarts.set(name, past.restarts.get(name) + 1);
		this.#boot.retire();
		this.#boot = this.make({isFirst: false, processors: this.#boot.xen.cpus.all});
		this.wire(this.#boot);
	}
}
