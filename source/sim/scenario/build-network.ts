/**
The network: bridges and what is plugged into them, guests' interfaces, the LAN, and who has which address. A name that a job may
speak to is a station: a LAN host, a guest's interface, or a bridge's own port in domain zero.
*/
import {bridgeMac, lanMac, vifMac} from './addresses.js';
import {buildNetJobs, type ReadCapture} from './build-net-job.js';
import {quoted} from './problems.js';
import {didYouMean, type ReportAt} from './report.js';
import type {RawScenario} from './schema.js';
import {longestDelay} from './schema-network.js';
import {Stations} from './stations.js';
import type {BridgeWords, LanHostWords, LanWords, NicDevice, VifWords} from './types.js';
import {durationText} from './units.js';

export interface Network {
	readonly bridges: readonly BridgeWords[];
	readonly lan: LanWords | undefined;
	/** By domain. */
	readonly vifs: ReadonlyMap<string, readonly VifWords[]>;
	readonly stations: Stations;
}

export function buildNetwork(raw: RawScenario, nics: readonly NicDevice[], report: ReportAt): Network {
	const stations = new Stations();
	const bridges = buildBridges(raw, nics, stations, report);
	const vifs = new Map<string, readonly VifWords[]>();
	const macs = new Map<string, string>();
	let guests = 0;
	for (const [name, {vif}] of Object.entries(raw.domains)) {
		const path = ['domains', name, 'vif'];
		if (name === 'Domain-0') {
			if (vif.length > 0) {
				report(
					path,
					`Domain-0 has no virtual interfaces; give a bridge an ip: bridges: { xenbr0: { nics: [eth0], ip: 10.0.0.254 } }`,
				);
			}

			continue;
		}

		guests++;
		const own = vif.map((words, device): VifWords => {
			const at = [...path, device];
			const mac = words.mac ?? vifMac(guests, device);
			const taken = macs.get(mac);
			if (taken !== undefined) {
				report(
					words.mac === undefined ? at : [...at, 'mac'],
					`${mac} is ${taken}'s address already; give each its own`,
				);
			}

			const id = `${name}.vif${device}`;
			macs.set(mac, id);
			const bridge = words.bridge ?? bridges[0]?.name ?? '';
			if (!bridges.some((each) => each.name === bridge)) {
				const known = bridges.map((each) => each.name);
				report(words.bridge === undefined ? at : [...at, 'bridge'], `there is no bridge ${didYouMean(bridge, known)}`);
			}

			if (words.tso && !words.sg) {
				report([...at, 'sg'], `a large packet needs scatter-gather: write tso: off beside sg: off`);
			}

			if (words.ip !== undefined) {
				stations.add(id, words.ip, device === 0 ? [name, id] : [id], [...at, 'ip'], report);
			}

			return {
				name: `vif${device}`,
				device,
				mac,
				ip: words.ip,
				bridge,
				rate: words.rate,
				checksum: words.checksum,
				sg: words.sg,
				tso: words.tso,
				postsUntil: words.receive_buffers,
			};
		});
		vifs.set(name, own);
	}

	return {bridges, lan: buildLan(raw, stations, report), vifs, stations};
}

/** The bridges written; without any, xenbr0 with the first NIC when somebody needs one. */
function buildBridges(
	raw: RawScenario,
	nics: readonly NicDevice[],
	stations: Stations,
	report: ReportAt,
): BridgeWords[] {
	const written = raw.host.bridges;
	if (written === undefined) {
		const needed = nics.length > 0 || Object.values(raw.domains).some(({vif}) => vif.length > 0);
		return needed
			? [{name: 'xenbr0', nics: nics.slice(0, 1).map(({name}) => name), ip: undefined, mac: bridgeMac(0)}]
			: [];
	}

	const users = new Map<string, string>();
	return Object.entries(written).map(([name, {nics: ports, ip}], index): BridgeWords => {
		const path = ['host', 'bridges', name];
		for (const [port, nic] of ports.entries()) {
			const user = users.get(nic);
			if (!nics.some((each) => each.name === nic)) {
				const known = nics.map((each) => each.name);
				report([...path, port], `there is no NIC ${didYouMean(nic, known)}`);
			} else if (user !== undefined) {
				report([...path, port], `${nic} is a port of ${user} already`);
			}

			users.set(nic, name);
		}

		if (ip !== undefined) {
			stations.add(`Domain-0.${name}`, ip, [name, `Domain-0.${name}`], [...path, 'ip'], report);
		}

		return {name, nics: ports, ip, mac: bridgeMac(index)};
	});
}

/** Without its hosts' jobs, whose peers must be known first: `buildLanJobs`. */
function buildLan(raw: RawScenario, stations: Stations, report: ReportAt): LanWords | undefined {
	if (raw.lan === undefined) {
		return undefined;
	}

	const {hosts, ...link} = raw.lan;
	if (link.delay > longestDelay) {
		report(['lan', 'delay'], `a delay of a LAN is at most ${durationText(longestDelay)}`);
	}

	const built = Object.entries(hosts).map(([name, host], index): LanHostWords => {
		const path = ['lan', 'hosts', name];
		if (raw.domains[name] !== undefined) {
			report(path, `a domain is called ${quoted(name)} already; give the host on the LAN a name of its own`);
		}

		stations.add(`lan.${name}`, host.ip, [name, `lan.${name}`], [...path, 'ip'], report);
		return {name, ip: host.ip, mac: host.mac ?? lanMac(index), timestamps: host.timestamps, jobs: []};
	});
	return {...link, hosts: built};
}

/** The LAN with its hosts' jobs. */
export function buildLanJobs(
	raw: RawScenario,
	{lan, stations}: Network,
	readCapture: ReadCapture,
	report: ReportAt,
): LanWords | undefined {
	return (
		lan && {
			...lan,
			hosts: lan.hosts.map((host) => {
				const path = ['lan', 'hosts', host.name, 'jobs'];
				const jobs = raw.lan?.hosts[host.name]?.jobs ?? {};
				return {
					...host,
					jobs: buildNetJobs(
						jobs,
						path,
						{
							owner: host.name,
							interfaces: [{name: '', station: `lan.${host.name}`, ip: host.ip}],
							stations,
							readCapture,
						},
						report,
					),
				};
			}),
		}
	);
}
