/** The store without rings and time: clients that ask and are answered on the spot, for tests of what requests mean. */
import type {StoreConnection} from '../../../source/sim/xenstore/connection.js';
import {Store} from '../../../source/sim/xenstore/store.js';
import {MessageAssembler, messageType, payloadOf, stringsOf} from '../../../source/sim/xenstore/wire.js';

export class TestClient {
	readonly connection: StoreConnection;
	/** `path token` of each watch event received. */
	readonly events: string[] = [];

	constructor(
		readonly store: Store,
		readonly domid: number,
	) {
		this.connection = store.connect(domid);
	}

	/** The answer's strings joined by commas (OK, a value, names), or an error's name. */
	ask(type: keyof typeof messageType, strings: readonly string[], transaction = 0, value = ''): string {
		const payload = Buffer.concat([payloadOf(strings), Buffer.from(value, 'latin1')]);
		this.store.request(this.connection, {type: messageType[type], requestId: 5, transaction, payload});
		return this.receive(type === 'read');
	}

	write(path: string, value: string, transaction = 0): string {
		return this.ask('write', [path], transaction, value);
	}

	/** Takes everything that waits; the last answer is the result. */
	receive(raw = false): string {
		const assembler = new MessageAssembler();
		let answer = '';
		this.connection.flush((bytes, from) => {
			bytes.copy(assembler.buffer, 0, from);
			assembler.used = bytes.length - from;
			const {type, payload} = assembler.take();
			if (type === messageType.watchEvent) {
				this.events.push(stringsOf(payload).join(' '));
			} else {
				answer = raw && type !== messageType.error ? payload.toString('latin1') : stringsOf(payload).join(',');
			}

			return bytes.length - from;
		});
		return answer;
	}
}

export function storeAlone(): {store: Store; dom0: TestClient; client: (domid: number) => TestClient} {
	const store = new Store({introduce: (_domid, _frame, _port, done) => done('EINVAL'), release: () => {}});
	return {store, dom0: new TestClient(store, 0), client: (domid) => new TestClient(store, domid)};
}
