"""How the loops call losses: by the names of their classes."""


def loss_computation(logits_list, labels, losses, edges=None):
    if len(logits_list) != len(losses["types"]):
        raise RuntimeError("The length of logits_list should equal to the types of loss config")
    values, dice = [], None
    for logits, loss, coef in zip(logits_list, losses["types"], losses["coef"]):
        name = loss.__class__.__name__
        if name in ("BCELoss", "FocalLoss") and loss.edge_label:
            values.append(coef * loss(logits, edges))
        elif name == "MixedLoss":
            mixed, dice = loss(logits, labels)
            values += [coef * value for value in mixed]
        elif name in ("DiceLoss", "MultipleLoss"):
            value, dice = loss(logits, labels)
            values.append(coef * value)
        else:
            values.append(coef * loss(logits, labels))
    return values, dice
