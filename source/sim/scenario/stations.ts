/** Who has an address in a scenario, and by which names a job may speak to whom: `client`, `db`, `db.vif1`, `xenbr0`. */
import type {ReportAt} from './report.js';
import type {PeerWords} from './types-network.js';

/** Everybody with an address, by every name a job may use. */
export class Stations {
	readonly #byName = new Map<string, PeerWords>();
	readonly #byIp = new Map<string, string>();
	readonly #withoutIp = new Map<string, string>();
	/** Names in the order of the file, for messages. */
	readonly names: string[] = [];

	/** Reports an address that somebody else has. */
	add(station: string, ip: string, names: readonly string[], path: readonly PropertyKey[], report: ReportAt): void {
		const other = this.#byIp.get(ip);
		if (other !== undefined) {
			report(path, `${ip} is ${other}'s address already; give each its own`);
		}

		this.#byIp.set(ip, other ?? names[0]);
		for (const name of names) {
			if (!this.#byName.has(name)) {
				this.#byName.set(name, {station, ip});
			}
		}

		this.names.push(names[0]);
	}

	/** Somebody without an address, by every name a job might use. */
	addWithoutIp(station: string, names: readonly string[]): void {
		for (const name of names) {
			this.#withoutIp.set(name, station);
		}
	}

	/** Whose name it is when they have no address; undefined for names of nobody. */
	withoutIp(name: string): string | undefined {
		return this.#withoutIp.get(name);
	}

	find(name: string): PeerWords | undefined {
		return this.#byName.get(name);
	}
}
