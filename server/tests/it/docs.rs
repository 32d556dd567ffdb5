//! The documents say what the program does: tables of settings and fields are compared with their sources.

use clap::CommandFactory;
use model::field::Field;
use server::config::Config;

const README: &str = include_str!("../../../README.md");
const FILTER: &str = include_str!("../../../docs/filter.md");

/// One row a setting, in the order of `--help`.
fn settings() -> String {
    let mut config = Config::command();
    config.build();
    let globals: Vec<_> = config.get_arguments().filter(|argument| argument.is_global_set()).cloned().collect();
    let mut table = "| Command | Setting | Variable | Default | |\n|---|---|---|---|---|\n".to_owned();
    for argument in &globals {
        table.push_str(&setting("all", argument));
    }
    for command in config.get_subcommands() {
        for argument in command.get_arguments() {
            if !globals.iter().any(|global| global.get_id() == argument.get_id()) {
                table.push_str(&setting(&format!("`{}`", command.get_name()), argument));
            }
        }
    }
    table
}

/// Empty for what is no setting: positional arguments, `--help`, `--version`.
fn setting(command: &str, argument: &clap::Arg) -> String {
    let (Some(long), Some(variable)) = (argument.get_long(), argument.get_env()) else { return String::new() };
    let value = match argument.get_action().takes_values() {
        true => argument.get_value_names().map_or(String::new(), |names| names.join(" ")),
        false => String::new(),
    };
    let default: Vec<_> = argument.get_default_values().iter().map(|value| format!("`{}`", value.display())).collect();
    let help = argument.get_help().map(ToString::to_string).unwrap_or_default().replace('|', "\\|");
    let setting = format!("--{long} {value}");
    let setting = setting.trim_end();
    format!(
        "| {command} | `{setting}` | `{}` | {} | {help} |\n",
        variable.display(),
        default.join(" ").replace('|', "\\|")
    )
}

fn fields() -> String {
    let mut table = "| Field | CloudTrail's own name | Type | |\n|---|---|---|---|\n".to_owned();
    for field in Field::ALL {
        let paths: Vec<_> = field.paths().iter().map(|path| format!("`{path}`")).collect();
        let kind = format!("{:?}", field.kind()).to_lowercase();
        table.push_str(&format!("| `{}` | {} | {kind} | {} |\n", field.key(), paths.join(", "), field.help()));
    }
    table
}

#[test]
fn the_readme_lists_every_setting_as_the_program_knows_it() {
    let settings = settings();
    assert!(settings.lines().count() > 15, "{settings}");
    assert!(README.contains(&settings), "README.md must have this table:\n\n{settings}");
}

#[test]
fn the_filter_page_lists_every_field() {
    let fields = fields();
    assert!(FILTER.contains(&fields), "docs/filter.md must have this table:\n\n{fields}");
}

/// Each command that the README tells readers to type exists.
#[test]
fn the_readme_names_commands_that_exist() {
    let config = Config::command();
    let known: Vec<_> = config.get_subcommands().map(clap::Command::get_name).collect();
    let mut named = 0;
    for command in README.split("trailmap ").skip(1).filter_map(|rest| rest.split([' ', '`', '\n', '"']).next()) {
        let is_word = !command.is_empty() && command.bytes().all(|byte| byte.is_ascii_lowercase());
        if is_word && README.contains(&format!("`trailmap {command}")) {
            named += 1;
            assert!(known.contains(&command), "`trailmap {command}`");
        }
    }
    assert!(named > 3);
}
