/** Two hosts on a LAN: `client`, and one whose link has a NIC's name, delay and impairments. */
import {Engine} from '../../source/engine/engine.js';
import {LanHost} from '../../source/hw/lan/host.js';
import {Lan, type LanOptions} from '../../source/hw/lan/lan.js';
import type {LinkOptions} from '../../source/hw/lan/link.js';
import type {TcpSettings} from '../../source/net/tcp-settings.js';
import {station} from './packets.js';
import {TestUser} from './tcp-peer.js';

export const addressOf = (number: number) => {
	const {mac, ip} = station(number);
	return {mac, address: ip, prefix: 24};
};

export class LanPair {
	readonly engine: Engine;
	readonly lan: Lan;
	readonly client: LanHost;
	readonly server: LanHost;

	constructor(
		link: Partial<LinkOptions> = {},
		{lan = {}, tcp = {}, seed = 3}: {lan?: Partial<LanOptions>; tcp?: Partial<TcpSettings>; seed?: number} = {},
	) {
		this.engine = new Engine(seed);
		this.lan = new Lan(this.engine, 'lan', lan);
		this.client = this.lan.addHost('client', addressOf(1), tcp);
		this.server = new LanHost(this.engine, 'eth0', this.lan.plug('eth0', link).first, addressOf(2), tcp);
	}

	get tap() {
		return this.lan.links[1].tap.tap;
	}

	/** Lets time go by. */
	pass(nanoseconds: number): void {
		const until = this.engine.now + nanoseconds;
		while (!this.engine.run(until, 1_000_000)) {
			// The budget ended first.
		}
	}

	/** Opens a connection to a port of the server, over which `bytes` go there; what comes back shall be the same. */
	connect(port: number, bytes: number): TestUser {
		const user = new TestUser(1, 1);
		const connection = this.client.stack.tcp.connect(this.server.address.address, port, user);
		connection?.offer(bytes);
		connection?.close();
		return user;
	}

	/** Opens a connection over which `up` bytes go to the server and `down` come back; both ends close it when they have sent theirs. */
	transfer(up: number, down = 0, [from, to] = [this.client, this.server]) {
		const users = {client: new TestUser(1, 2), server: new TestUser(2, 1)};
		to.stack.tcp.listen(80, (connection) => {
			connection.offer(down);
			return users.server;
		});
		const connection = from.stack.tcp.connect(to.address.address, 80, users.client);
		connection?.offer(up);
		connection?.close();
		return users;
	}
}
