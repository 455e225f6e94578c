/** A bridge for whoever looks: how many ports it has, and the packets that cross it. */
import {bridgeCounts, type HostBridge} from '../sim/host/network.js';
import type {Counter, Samples} from './samples.js';
import type {PartView} from './snapshot.js';

export class BridgeFigures {
	readonly #packets: Counter;

	constructor(
		/** The newest of its name. */
		public host: HostBridge,
		samples: Samples,
	) {
		this.#packets = samples.counter(() => {
			const {forwarded, flooded} = bridgeCounts(this.host);
			return forwarded + flooded;
		});
	}

	/** Its line in the domain it runs in. */
	partView(): PartView {
		const {bridge, kernel, words} = this.host;
		// As `bridge link` lists them: without the bridge's own interface.
		const ports = bridge.ports.filter((port) => port !== null).filter(({name}) => name !== bridge.name);
		const down = ports.filter(({name, up}) => !up && words.nics.includes(name)).map(({name}) => name);
		return {
			id: `${kernel.name}/${bridge.name}`,
			kind: 'bridge',
			title: bridge.name,
			subject: ports.length === 1 ? '1 port' : `${ports.length} ports`,
			rate: this.#packets.perSecond,
			unit: 'packets/s',
			history: this.#packets.history,
			used: undefined,
			size: undefined,
			entry: '',
			latency: undefined,
			p99: undefined,
			state: down.length === 0 ? '' : `${down.join(', ')} has no link`,
			counters: [
				['flooded', bridge.flooded],
				['filtered', bridge.filtered],
				['dropped', bridge.dropped + ports.reduce((sum, {txDropped}) => sum + txDropped, 0)],
			],
			channel: undefined,
			trouble: down.length > 0,
		};
	}
}
