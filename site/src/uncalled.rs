//! Takes out of the wasm what no page ever calls, but no linker can know of.
//!
//! An erased view holds pointers to all that can be done with it (`tachys::view::any_view`), so that the code of each is
//! linked for every view. Pages are hydrated at once (`leptos::mount::hydrate_body`); the code that would hydrate them bit
//! by bit is 14 kB after brotli.

use anyhow::{Result, ensure};
use walrus::{FunctionBuilder, FunctionId, FunctionKind, Module, passes::gc};

/// Functions that only `leptos::mount::hydrate_lazy` reaches.
const UNCALLED: &str = "::hydrate_async";

/// Leaves a trap of each such function, and nothing of what only they call. Errors: there is none, so this is outdated.
pub fn remove(module: &mut Module) -> Result<()> {
    let functions = module.funcs.iter_local();
    let uncalled: Vec<FunctionId> = functions.filter(|(id, _)| is_uncalled(module, *id)).map(|(id, _)| id).collect();
    ensure!(!uncalled.is_empty(), "the wasm has no `hydrate_async`: leptos has changed, and so must `site::uncalled`");
    for id in uncalled {
        let (parameters, results) = module.types.params_results(module.funcs.get(id).ty());
        let (parameters, results) = (parameters.to_vec(), results.to_vec());
        let mut trap = FunctionBuilder::new(&mut module.types, &parameters, &results);
        trap.func_body().unreachable();
        let arguments = parameters.iter().map(|kind| module.locals.add(*kind)).collect();
        module.funcs.get_mut(id).kind = FunctionKind::Local(trap.local_func(arguments));
    }
    gc::run(module);
    Ok(())
}

fn is_uncalled(module: &Module, id: FunctionId) -> bool {
    module.funcs.get(id).name.as_deref().is_some_and(is_name)
}

/// Whether a function's demangled name, `path::h<hash>`, is that of such a function or of what awaits in it.
fn is_name(name: &str) -> bool {
    let path = name.rsplit_once("::h").map_or(name, |(path, _)| path);
    path.trim_end_matches("::{{closure}}").ends_with(UNCALLED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_functions_themselves() {
        let any = "<T as tachys::view::any_view::IntoAny>::into_any::hydrate_async";
        assert!(is_name(&format!("{any}::h17ce436a84da1a28")));
        assert!(is_name(&format!("{any}::{{{{closure}}}}::{{{{closure}}}}::h17ce436a84da1a28")));
        // Others may share the code of what stands within.
        assert!(!is_name(&format!("{any}::prep::h17ce436a84da1a28")));
        assert!(!is_name(&format!("core::ptr::drop_in_place<{any}::{{{{closure}}}}>::h17ce436a84da1a28")));
        assert!(!is_name("<T as tachys::view::any_view::IntoAny>::into_any::hydrate_from_server::h17ce436a84da1a28"));
    }

    #[test]
    fn a_trap_stands_for_the_function() {
        let mut module = Module::default();
        let mut function = FunctionBuilder::new(&mut module.types, &[walrus::ValType::I32], &[walrus::ValType::I32]);
        let argument = module.locals.add(walrus::ValType::I32);
        function.name("<V as RenderHtml>::hydrate_async::h17ce436a84da1a28".to_owned()).func_body().local_get(argument);
        let id = function.finish(vec![argument], &mut module.funcs);
        module.exports.add("kept", id);
        remove(&mut module).expect("there is one");
        let body = module.funcs.get(id).kind.unwrap_local();
        assert!(matches!(body.block(body.entry_block()).instrs[..], [(walrus::ir::Instr::Unreachable(_), _)]));
        assert!(remove(&mut Module::default()).is_err());
    }
}
