# Logs in to every node by a cluster's ssh_config with Ruby's client, by each of its names, and once by the published port alone.
require 'json'
require 'net/ssh'

inventory = JSON.parse(File.read(ARGV[0]))
config = { config: inventory['sshConfig'], verify_host_key: :always, append_all_supported_algorithms: true, non_interactive: true }
inventory['nodes'].each do |node|
  [node['name'], node['fqdn'], node['ip']].each do |name|
    Net::SSH.start(name, nil, config) { |session| puts session.exec!('echo $(hostname) $(id -un)') }
  end
end
node = inventory['nodes'][0]
user = node['users'][0]
plain = {
  config: false, port: node['port'], keys: [user['identityFile']], keys_only: true, verify_host_key: :always,
  user_known_hosts_file: inventory['knownHosts'], non_interactive: true
}
Net::SSH.start(node['host'], user['name'], plain) { |session| puts session.exec!('hostname') }
