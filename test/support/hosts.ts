/** Whole hosts from scenario texts, for tests that watch or drive them. */
import {readFileSync} from 'node:fs';
import {Observer} from '../../source/observe/observer.js';
import type {Snapshot} from '../../source/observe/snapshot.js';
import {Host} from '../../source/sim/host.js';
import {parseScenario} from '../../source/sim/scenario/parse.js';
import type {Scenario} from '../../source/sim/scenario/types.js';

export const millisecond = 1_000_000;
export const second = 1_000_000_000;

/** A shipped scenario by name, or one given as text. */
export function scenarioOf(nameOrText: string): Scenario {
	const shipped = !nameOrText.includes('\n');
	const text = shipped
		? readFileSync(new URL(`../../scenarios/${nameOrText}.yaml`, import.meta.url), 'utf8')
		: nameOrText;
	return parseScenario(text, shipped ? `${nameOrText}.yaml` : 'test.yaml');
}

/** A host and who watches it, advanced as a session does. */
export class WatchedHost {
	readonly host: Host;
	readonly observer: Observer;

	constructor(what: string | Scenario) {
		this.host = new Host(typeof what === 'string' ? scenarioOf(what) : what, {version: 'test'});
		this.observer = new Observer(this.host);
	}

	advance(until: number): this {
		const {host, observer} = this;
		while (host.now < until) {
			if (host.advance(Math.min(until, observer.nextSample), 100_000) && host.now >= observer.nextSample) {
				observer.sample();
			}
		}

		return this;
	}

	/** Figures up to now, and a look at them. */
	look(): Snapshot {
		this.observer.refresh();
		return this.observer.snapshot();
	}
}
